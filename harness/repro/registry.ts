import type { FaultScript } from "./fault-script.ts";
import { bandwidth } from "./faults/bandwidth.ts";
import { blockedClients } from "./faults/blocked-clients.ts";
import { command } from "./faults/command.ts";
import { connectionStorm } from "./faults/connection-storm.ts";
import { cpuLimit } from "./faults/cpu-limit.ts";
import { diskFull } from "./faults/disk-full.ts";
import { duplicateCommand } from "./faults/duplicate-command.ts";
import { flushall } from "./faults/flushall.ts";
import { halfWrittenCommand } from "./faults/half-written-command.ts";
import { kill } from "./faults/kill.ts";
import { latency } from "./faults/latency.ts";
import { memoryLimit } from "./faults/memory-limit.ts";
import { partition } from "./faults/partition.ts";
import { pause } from "./faults/pause.ts";
import { restart } from "./faults/restart.ts";
import { shutdown } from "./faults/shutdown.ts";
import { slowDisk } from "./faults/slow-disk.ts";
import { slowReader } from "./faults/slow-reader.ts";
import { switchMaster } from "./faults/switch-master.ts";

/** Every kind of fault that a stand-alone script can do; one that is missing is said to be missing in the script. */
export const faultScripts: ReadonlyMap<string, FaultScript> = new Map(
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
  ].map((script) => [script.kind, script]),
);
