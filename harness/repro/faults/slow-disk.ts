import { slowDisk } from "../../faults/resources/slow-disk.ts";
import { nodeVariable, scriptOf } from "../fault-script.ts";

export const slowDiskScript = scriptOf(slowDisk, ({ node: selector, rate }) => {
  const node = nodeVariable(selector);
  return {
    inject: [...node.set, `throttle_disk ${node.use} ${Math.round(rate)}`],
    heal: [`throttle_disk ${node.use} 0`],
    functions: ["throttle-disk", ...node.functions],
    differs: ["A node that is started again meanwhile has a fast disk."],
  };
});
