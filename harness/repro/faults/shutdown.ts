import { z } from "zod";
import { type FaultScript, nodeVariable } from "../fault-script.ts";
import { downLines } from "./down.ts";

const params = z.looseObject({
  node: z.string(),
  via: z.enum(["sigterm", "shutdown", "shutdown-nosave"]),
  within: z.number(),
});
const HOW = { sigterm: "sigterm", shutdown: "SHUTDOWN", "shutdown-nosave": "SHUTDOWN NOSAVE" } as const;

export const shutdown: FaultScript = {
  kind: "shutdown",
  write(given, _id, { watched }) {
    const { node: selector, via, within } = params.parse(given);
    const node = nodeVariable(selector);
    const down = downLines(node.use, watched);
    return {
      inject: [
        ...node.set,
        ...down.before,
        `shut_down ${node.use} ${Math.ceil(within / 1000)} ${HOW[via]}`,
        ...down.after,
      ],
      heal: [],
      functions: [...node.functions, ...down.functions, "shut-down"],
    };
  },
};
