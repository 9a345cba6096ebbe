import type { Random } from "../../base/random.ts";
import { KIND, NOTHING } from "../../journal/history.ts";
import type { LoadSpec } from "../../journal/plan.ts";
import { CellValues, writeNumbers } from "../cell-values.ts";
import type { CommandSource, RecordedWorkload } from "./workload.ts";

/** The source of a workload whose commands are the same whether they are recorded or not. */
export function plainly({ type, source }: RecordedWorkload) {
  return (spec: LoadSpec, random: Random): CommandSource => {
    const writes = writeNumbers(new CellValues(type, spec.value), { index: 0, of: 1 }, () => NOTHING);
    const make = source(spec, random, writes);
    const intent = { cell: 0, kind: KIND.write, value: NOTHING };
    return (to) => make(to, intent);
  };
}
