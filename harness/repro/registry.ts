import type { FaultScript } from "./fault-script.ts";
import { bandwidthScript } from "./faults/bandwidth.ts";
import { blockedClientsScript } from "./faults/blocked-clients.ts";
import { commandScript } from "./faults/command.ts";
import { connectionStormScript } from "./faults/connection-storm.ts";
import { cpuLimitScript } from "./faults/cpu-limit.ts";
import { diskFullScript } from "./faults/disk-full.ts";
import { duplicateCommandScript } from "./faults/duplicate-command.ts";
import { flushallScript } from "./faults/flushall.ts";
import { halfWrittenCommandScript } from "./faults/half-written-command.ts";
import { killScript } from "./faults/kill.ts";
import { latencyScript } from "./faults/latency.ts";
import { memoryLimitScript } from "./faults/memory-limit.ts";
import { partitionScript } from "./faults/partition.ts";
import { pauseScript } from "./faults/pause.ts";
import { restartScript } from "./faults/restart.ts";
import { shutdownScript } from "./faults/shutdown.ts";
import { slowDiskScript } from "./faults/slow-disk.ts";
import { slowReaderScript } from "./faults/slow-reader.ts";
import { switchMasterScript } from "./faults/switch-master.ts";

/** Every kind of fault that a stand-alone script can do; one that is missing is said to be missing in the script. */
export const faultScripts: ReadonlyMap<string, FaultScript> = new Map(
  [
    switchMasterScript,
    partitionScript,
    latencyScript,
    bandwidthScript,
    slowReaderScript,
    flushallScript,
    commandScript,
    duplicateCommandScript,
    pauseScript,
    killScript,
    restartScript,
    shutdownScript,
    connectionStormScript,
    halfWrittenCommandScript,
    blockedClientsScript,
    cpuLimitScript,
    memoryLimitScript,
    diskFullScript,
    slowDiskScript,
  ].map((script) => [script.kind, script]),
);
