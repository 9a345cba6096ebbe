import { KIND, NOTHING } from "../../journal/history.ts";
import { Text } from "../../resp/command-writer.ts";
import type { RecordedWorkload, Workload, WriteNumbers } from "./workload.ts";

/** The source of a workload whose commands are the same whether they are recorded or not. */
export function plainly(source: RecordedWorkload["source"]): Workload["source"] {
  const none = new Text("");
  return (spec, random) => {
    let number = 0;
    const writes: WriteNumbers = { next: () => ++number, write: (to, of) => to.numbered(none, of) };
    const make = source(spec, random, writes);
    const intent = { cell: 0, kind: KIND.write, value: NOTHING };
    return (to) => make(to, intent);
  };
}
