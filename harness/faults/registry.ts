import { bandwidth } from "./bandwidth.ts";
import { blockedClients } from "./blocked-clients.ts";
import { clockSkew } from "./clock-skew.ts";
import { command } from "./command.ts";
import { connectionStorm } from "./connection-storm.ts";
import { cpuLimit } from "./cpu-limit.ts";
import { diskFull } from "./disk-full.ts";
import { duplicateCommand } from "./duplicate-command.ts";
import type { Fault } from "./fault.ts";
import { flushall } from "./flushall.ts";
import { halfWrittenCommand } from "./half-written-command.ts";
import { kill } from "./kill.ts";
import { latency } from "./latency.ts";
import { memoryLimit } from "./memory-limit.ts";
import { partition } from "./partition.ts";
import { pause } from "./pause.ts";
import { restart } from "./restart.ts";
import { shutdown } from "./shutdown.ts";
import { slowDisk } from "./slow-disk.ts";
import { slowReader } from "./slow-reader.ts";
import { switchMaster } from "./switch-master.ts";

// Each fault has its own parameter types; the registry only promises the shape.
// biome-ignore lint/suspicious/noExplicitAny: see above
type AnyFault = Fault<any, any>;

/** Every fault an experiment can name. */
export const faults: ReadonlyMap<string, AnyFault> = new Map(
  [
    switchMaster,
    partition,
    latency,
    bandwidth,
    slowReader,
    flushall,
    command,
    duplicateCommand,
    pause,
    kill,
    restart,
    shutdown,
    connectionStorm,
    halfWrittenCommand,
    blockedClients,
    cpuLimit,
    memoryLimit,
    diskFull,
    slowDisk,
    clockSkew,
  ].map((fault: AnyFault) => [fault.kind, fault]),
);
