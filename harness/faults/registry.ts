import { rawBytes } from "./bytes/raw-bytes.ts";
import { blockedClients } from "./clients/blocked-clients.ts";
import { connectionStorm } from "./clients/connection-storm.ts";
import { halfWrittenCommand } from "./clients/half-written-command.ts";
import { slowReader } from "./clients/slow-reader.ts";
import { command } from "./commands/command.ts";
import { duplicateCommand } from "./commands/duplicate-command.ts";
import { flushall } from "./commands/flushall.ts";
import { switchMaster } from "./commands/switch-master.ts";
import type { Fault } from "./fault.ts";
import { bandwidth } from "./links/bandwidth.ts";
import { latency } from "./links/latency.ts";
import { packets } from "./links/packets.ts";
import { partition } from "./links/partition.ts";
import { kill } from "./processes/kill.ts";
import { pause } from "./processes/pause.ts";
import { pauseThread } from "./processes/pause-thread.ts";
import { powerLoss } from "./processes/power-loss.ts";
import { restart } from "./processes/restart.ts";
import { rollingUpgrade } from "./processes/rolling-upgrade.ts";
import { shutdown } from "./processes/shutdown.ts";
import { clockSkew } from "./resources/clock-skew.ts";
import { cpuLimit } from "./resources/cpu-limit.ts";
import { diskError } from "./resources/disk-error.ts";
import { diskFull } from "./resources/disk-full.ts";
import { memoryLimit } from "./resources/memory-limit.ts";
import { slowDisk } from "./resources/slow-disk.ts";
import { migrateSlots } from "./slots/migrate-slots.ts";

const all = new Map(
  [
    switchMaster,
    migrateSlots,
    partition,
    latency,
    bandwidth,
    packets,
    slowReader,
    flushall,
    command,
    duplicateCommand,
    pause,
    pauseThread,
    kill,
    powerLoss,
    restart,
    rollingUpgrade,
    shutdown,
    connectionStorm,
    halfWrittenCommand,
    blockedClients,
    rawBytes,
    cpuLimit,
    memoryLimit,
    diskFull,
    diskError,
    slowDisk,
    clockSkew,
  ].map((fault: Fault): [string, Fault] => [fault.kind, fault]),
);

/** Every fault an experiment can name. */
export const faults: ReadonlyMap<string, Fault> = all;

/** One more, of the user's own. */
export const addFault = (fault: Fault): void => void all.set(fault.kind, fault);
