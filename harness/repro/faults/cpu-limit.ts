import { z } from "zod";
import { type FaultScript, nodeVariable } from "../fault-script.ts";

const params = z.looseObject({ node: z.string(), cpu: z.number() });

export const cpuLimit: FaultScript = {
  kind: "cpu-limit",
  write(given) {
    const { node: selector, cpu } = params.parse(given);
    const node = nodeVariable(selector);
    return {
      inject: [...node.set, `limit_cpu ${node.use} ${Math.round(cpu * 1000) / 1000}`],
      heal: [`limit_cpu ${node.use}`],
      functions: ["limit-cpu", ...node.functions],
    };
  },
};
