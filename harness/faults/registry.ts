import { bandwidth } from "./bandwidth.ts";
import { command } from "./command.ts";
import type { Fault } from "./fault.ts";
import { flushall } from "./flushall.ts";
import { kill } from "./kill.ts";
import { latency } from "./latency.ts";
import { partition } from "./partition.ts";
import { pause } from "./pause.ts";
import { restart } from "./restart.ts";
import { switchMaster } from "./switch-master.ts";

// Each fault has its own parameter types; the registry only promises the shape.
// biome-ignore lint/suspicious/noExplicitAny: see above
type AnyFault = Fault<any, any>;

/** Every fault an experiment can name. */
export const faults: ReadonlyMap<string, AnyFault> = new Map(
  [switchMaster, partition, latency, bandwidth, flushall, command, pause, kill, restart].map((fault: AnyFault) => [
    fault.kind,
    fault,
  ]),
);
