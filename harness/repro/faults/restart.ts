import { restart } from "../../faults/processes/restart.ts";
import { containerWord, nodeVariable, scriptOf } from "../fault-script.ts";
import { downLines } from "./down.ts";

export const restartScript = scriptOf(
  restart,
  ({ node: selector, stopWithin }, _id, { watched, stopWithin: usual }) => {
    const node = nodeVariable(selector);
    const down = downLines(node.use, watched);
    const stop = `docker stop -t ${Math.ceil((stopWithin ?? usual) / 1000)} ${containerWord(node.use)} >/dev/null`;
    return {
      inject: [...node.set, ...down.before, stop, ...down.after],
      heal: [],
      functions: [...node.functions, ...down.functions],
    };
  },
);
