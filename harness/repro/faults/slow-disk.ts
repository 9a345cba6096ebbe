import { z } from "zod";
import { type FaultScript, nodeVariable } from "../fault-script.ts";

const params = z.looseObject({ node: z.string(), rate: z.number(), disk: z.number() });

export const slowDisk: FaultScript = {
  kind: "slow-disk",
  disk: (given) => params.parse(given).disk,
  write(given) {
    const { node: selector, rate } = params.parse(given);
    const node = nodeVariable(selector);
    return {
      inject: [...node.set, `throttle_disk ${node.use} ${Math.round(rate)}`],
      heal: [`throttle_disk ${node.use} 0`],
      functions: ["throttle-disk", ...node.functions],
      differs: ["A node that is started again meanwhile has a fast disk."],
    };
  },
};
