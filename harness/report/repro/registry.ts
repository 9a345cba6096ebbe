import type { FaultScript } from "./fault-script.ts";
import { bandwidth } from "./faults/bandwidth.ts";
import { command } from "./faults/command.ts";
import { duplicateCommand } from "./faults/duplicate-command.ts";
import { flushall } from "./faults/flushall.ts";
import { kill } from "./faults/kill.ts";
import { latency } from "./faults/latency.ts";
import { partition } from "./faults/partition.ts";
import { pause } from "./faults/pause.ts";
import { restart } from "./faults/restart.ts";
import { shutdown } from "./faults/shutdown.ts";
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
  ].map((script) => [script.kind, script]),
);
