import { z } from "zod";
import { containerWord, type FaultScript, nodeVariable } from "../fault-script.ts";

const params = z.looseObject({ node: z.string() });

export const pause: FaultScript = {
  kind: "pause",
  write(given, _id, { watched }) {
    const node = nodeVariable(params.parse(given).node);
    const container = containerWord(node.use);
    return {
      inject: [...node.set, ...(watched ? [`ours ${node.use}`] : []), `docker pause ${container} >/dev/null`],
      heal: [`docker unpause ${container} >/dev/null`, ...(watched ? [`not_ours ${node.use}`] : [])],
      functions: [...node.functions, ...(watched ? ["ours" as const] : [])],
    };
  },
};
