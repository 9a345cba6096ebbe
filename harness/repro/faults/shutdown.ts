import { shutdown } from "../../faults/processes/shutdown.ts";
import { nodeVariable, scriptOf } from "../fault-script.ts";
import { downLines } from "./down.ts";

const HOW = { sigterm: "sigterm", shutdown: "SHUTDOWN", "shutdown-nosave": "SHUTDOWN NOSAVE" } as const;

export const shutdownScript = scriptOf(shutdown, ({ node: selector, via, within }, _id, { watched }) => {
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
});
