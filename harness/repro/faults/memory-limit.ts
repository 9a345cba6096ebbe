import { z } from "zod";
import { type FaultScript, nodeVariable } from "../fault-script.ts";

const params = z.looseObject({ node: z.string(), limit: z.number().nullable(), headroom: z.number().nullable() });

export const memoryLimit: FaultScript = {
  kind: "memory-limit",
  write(given) {
    const { node: selector, limit, headroom } = params.parse(given);
    const node = nodeVariable(selector);
    const bytes = limit === null ? `"$(($(memory_use ${node.use}) + ${headroom ?? 0}))"` : String(limit);
    return {
      inject: [...node.set, `limit_memory ${node.use} ${bytes}`],
      heal: [`limit_memory ${node.use}`],
      functions: ["limit-memory", ...node.functions],
    };
  },
};
