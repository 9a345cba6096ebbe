import { z } from "zod";
import { type FaultScript, nodeVariable } from "../fault-script.ts";

const params = z.looseObject({ node: z.string(), leave: z.number(), disk: z.number() });

export const diskFull: FaultScript = {
  kind: "disk-full",
  disk: (given) => params.parse(given).disk,
  write(given) {
    const { node: selector, leave } = params.parse(given);
    const node = nodeVariable(selector);
    return {
      inject: [...node.set, `fill_disk ${node.use} ${Math.round(leave)}`],
      heal: [`free_disk ${node.use}`],
      functions: ["fill-disk", ...node.functions],
    };
  },
};
