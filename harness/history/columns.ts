import type { Operations } from "../journal/history.ts";

/** Empty columns for `length` operations: every value 0. Fill them in place. */
export function emptyColumns(length: number): Operations {
  return {
    length,
    cell: new Uint32Array(length),
    kind: new Uint8Array(length),
    outcome: new Uint8Array(length),
    replicas: new Uint8Array(length),
    client: new Uint16Array(length),
    node: new Uint16Array(length),
    invoked: new Float64Array(length),
    completed: new Float64Array(length),
    value: new Float64Array(length),
  };
}
