import { KIND, NOT_ASKED, type Operations, OUTCOME } from "../journal/history.ts";

/*
 *   file:    magic (8) │ record │ record │ …          appended only; a killed harness may leave a torn last record
 *   record:  invoked f64 │ completed f64 │ value f64 │ cell u32 │ client u16 │ node u16 │ kind and outcome u8 │ replicas u8
 *
 * Little endian. Foreign values are lines of JSON in a file of their own beside it: value -(n + 1) is line n.
 */

export const MAGIC = Buffer.from("kvchis\x00\x01", "latin1");
export const RECORD_BYTES = 34;
/** Writes of one load have numbers up to it: 73 GB of operations. */
export const MOST_VALUE = 2 ** 31 - 1;

/** One operation: the columns of `Operations`, one number each. */
export type OperationFields = { -readonly [K in Exclude<keyof Operations, "length">]: number };

/** An operation to be filled in, again and again: writers copy what they are given. */
export function emptyOperation(node: number): OperationFields {
  // A plain literal: V8 is many times slower with an object that was made by spreading another.
  return { cell: 0, kind: 0, outcome: 0, replicas: NOT_ASKED, client: 0, node, invoked: 0, completed: 0, value: 0 };
}

/** Where one thread writes the operations of a load, below the run's folder. */
export function operationsFile(load: string, thread: number): string {
  return `history/${load}-${thread}.ops`;
}

/** Where the final reads of a load are, below the run's folder. */
export function finalFile(load: string): string {
  return `history/${load}-final.ops`;
}

/** Where the foreign values of a file of operations are. */
export function foreignFile(file: string): string {
  return `${file}.foreign`;
}

export function encodeOperation(to: DataView, at: number, operation: OperationFields): void {
  to.setFloat64(at, operation.invoked, true);
  to.setFloat64(at + 8, operation.completed, true);
  to.setFloat64(at + 16, operation.value, true);
  to.setUint32(at + 24, operation.cell, true);
  to.setUint16(at + 28, operation.client, true);
  to.setUint16(at + 30, operation.node, true);
  to.setUint8(at + 32, (operation.kind & 1) | (operation.outcome << 1) | ((operation.kind & KIND.touch) << 2));
  to.setUint8(at + 33, operation.replicas);
}

/** Reads the record at `at` into row `row` of the columns, all but its value. */
export function decodeOperation(from: DataView, at: number, to: Operations, row: number): void {
  to.invoked[row] = from.getFloat64(at, true);
  to.completed[row] = from.getFloat64(at + 8, true);
  to.cell[row] = cellAt(from, at);
  to.client[row] = from.getUint16(at + 28, true);
  to.node[row] = from.getUint16(at + 30, true);
  const kinds = from.getUint8(at + 32);
  to.kind[row] = kindIn(kinds);
  to.outcome[row] = (kinds >> 1) & 3;
  to.replicas[row] = from.getUint8(at + 33);
}

/** The cell of the record at `at`. */
export function cellAt(from: DataView, at: number): number {
  return from.getUint32(at + 24, true);
}

/** The value of the record at `at`: of a read any whole number that looked like one of ours. */
export function valueAt(from: DataView, at: number): number {
  return from.getFloat64(at + 16, true);
}

/** Can the record at `at` have been written by us? @param cells and nodes that there are */
export function isSound(from: DataView, at: number, cells: number, nodes: number): boolean {
  const kinds = from.getUint8(at + 32);
  const value = valueAt(from, at);
  const most = kindIn(kinds) === KIND.read ? Number.MAX_SAFE_INTEGER : MOST_VALUE;
  const isValue = Number.isSafeInteger(value) && value >= -MOST_VALUE && value <= most;
  const isKind = kinds >> 4 === 0 && kindIn(kinds) <= KIND.touch && ((kinds >> 1) & 3) <= OUTCOME.info;
  return isKind && cellAt(from, at) < cells && from.getUint16(at + 30, true) < nodes && isValue;
}

/** The first bit, and the fourth for kinds that came later. */
function kindIn(kinds: number): number {
  return (kinds & 1) | ((kinds >> 2) & KIND.touch);
}
