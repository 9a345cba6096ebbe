import { memoryLimit } from "../../faults/resources/memory-limit.ts";
import { nodeVariable, scriptOf } from "../fault-script.ts";

export const memoryLimitScript = scriptOf(memoryLimit, ({ node: selector, limit, headroom }) => {
  const node = nodeVariable(selector);
  const bytes = limit === null ? `"$(($(memory_use ${node.use}) + ${headroom ?? 0}))"` : String(limit);
  return {
    inject: [...node.set, `limit_memory ${node.use} ${bytes}`],
    heal: [`limit_memory ${node.use}`],
    functions: ["limit-memory", ...node.functions],
  };
});
