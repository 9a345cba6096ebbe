import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import { NOTHING } from "../journal/history.ts";
import type { LoadSpec } from "../journal/plan.ts";
import type { Login } from "../resp/login.ts";
import { CellValues, writeNumbers } from "./cell-values.ts";
import type { DrawnCommand } from "./commands/choice.ts";
import { Dialogue } from "./dialogue.ts";
import type { LoadTarget } from "./load.ts";
import type { OperationLog } from "./operation-log.ts";
import type { PipeSettings } from "./pipe-settings.ts";
import type { Workload } from "./workloads/workload.ts";

export interface GeneratorOptions {
  spec: LoadSpec;
  workload: Workload;
  targets: readonly LoadTarget[];
  /** This thread's share of the load: connections and scheduled operations `index`, `index + of`, … */
  share: { index: number; of: number };
  random: Random;
  clock: Clock;
  login?: Login | undefined;
  /** Makes the commands and records them, in place of the workload alone. */
  log?: OperationLog | undefined;
  /** What is drawn from, of a workload that does. */
  table?: readonly DrawnCommand[] | undefined;
  /** A server has broken the protocol; told so often at most. */
  onOutOfStep?: ((node: string, text: string, command: string | undefined) => void) | undefined;
  /** A command drawn from the server's table was lost with its connection; told so often at most. */
  onLost?: ((node: string, words: string) => void) | undefined;
  /** ms for sending, after the stop, what was due before it; by default enough for a healthy server. */
  finish?: number;
  /** Where the masters share the key space: "host:port" as servers name each other → where clients dial that node. */
  peers?: Readonly<Record<string, LoadTarget>> | undefined;
  /** The keys' slot is another server's, as one of the targets says; told once a second at most. */
  onMoved?: ((from: LoadTarget, text: string) => void) | undefined;
}

/** What each connection says, of a workload whose operations take several commands; undefined: they take one. */
export function dialogues({
  spec,
  workload,
  share,
  random,
  log,
  table = [],
}: GeneratorOptions): PipeSettings["dialogue"] {
  if (!workload.talk) return undefined;
  const type = workload.recorded?.type ?? "string";
  const writes = log?.writes ?? writeNumbers(new CellValues(type, spec.value), share, () => NOTHING);
  const talk = workload.talk(spec, random.fork("talk"), writes, table);
  return (target) => new Dialogue(talk(), log?.openDialogue(target));
}
