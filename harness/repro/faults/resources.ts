import { clockSkew } from "../../faults/resources/clock-skew.ts";
import { cpuLimit } from "../../faults/resources/cpu-limit.ts";
import { diskError } from "../../faults/resources/disk-error.ts";
import { diskFull } from "../../faults/resources/disk-full.ts";
import { memoryLimit } from "../../faults/resources/memory-limit.ts";
import { slowDisk } from "../../faults/resources/slow-disk.ts";
import { type FaultScript, nodeScript, Untranslatable } from "../fault-script.ts";

const cpuLimitScript = nodeScript(cpuLimit, (node, { cpu }) => ({
  inject: [`limit_cpu ${node} ${Math.round(cpu * 1000) / 1000}`],
  heal: [`limit_cpu ${node}`],
}));

const memoryLimitScript = nodeScript(memoryLimit, (node, { limit, headroom }) => {
  const bytes = limit === null ? `"$(($(memory_use ${node}) + ${headroom ?? 0}))"` : String(limit);
  return { inject: [`limit_memory ${node} ${bytes}`], heal: [`limit_memory ${node}`] };
});

const diskFullScript = nodeScript(diskFull, (node, { leave }) => ({
  inject: [`fill_disk ${node} ${Math.round(leave)}`],
  heal: [`free_disk ${node}`],
}));

const slowDiskScript = nodeScript(slowDisk, (node, { rate }) => ({
  inject: [`throttle_disk ${node} ${Math.round(rate)}`],
  heal: [`throttle_disk ${node} 0`],
  differs: ["A node that is started again meanwhile has a fast disk."],
}));

const clockSkewScript = nodeScript(clockSkew, (_node, { by, drift }) => {
  const how = [
    ...(by === null ? [] : [`jumps by ${by} ms`]),
    ...(drift === null ? [] : [`drifts by ${drift * 100} %`]),
  ];
  throw new Untranslatable(
    `the clock ${how.join(" and ")}, by a library of kvchaos: start the server under libfaketime`,
  );
});

const diskErrorScript = nodeScript(diskError, (_node, { error, calls }) => {
  const which = calls === "both" ? "writes and syncs" : calls;
  throw new Untranslatable(`its ${which} fail with ${error}, by a library of kvchaos that is loaded into the server`);
});

export const resourceScripts: readonly FaultScript[] = [
  clockSkewScript,
  cpuLimitScript,
  memoryLimitScript,
  diskErrorScript,
  diskFullScript,
  slowDiskScript,
];
