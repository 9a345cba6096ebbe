import { cpuLimit } from "../../faults/resources/cpu-limit.ts";
import { nodeVariable, scriptOf } from "../fault-script.ts";

export const cpuLimitScript = scriptOf(cpuLimit, ({ node: selector, cpu }) => {
  const node = nodeVariable(selector);
  return {
    inject: [...node.set, `limit_cpu ${node.use} ${Math.round(cpu * 1000) / 1000}`],
    heal: [`limit_cpu ${node.use}`],
    functions: ["limit-cpu", ...node.functions],
  };
});
