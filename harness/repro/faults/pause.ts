import { pause } from "../../faults/processes/pause.ts";
import { containerWord, nodeVariable, scriptOf } from "../fault-script.ts";

export const pauseScript = scriptOf(pause, ({ node: selector }, _id, { watched }) => {
  const node = nodeVariable(selector);
  const container = containerWord(node.use);
  return {
    inject: [...node.set, ...(watched ? [`ours ${node.use}`] : []), `docker pause ${container} >/dev/null`],
    heal: [`docker unpause ${container} >/dev/null`, ...(watched ? [`not_ours ${node.use}`] : [])],
    functions: [...node.functions, ...(watched ? ["ours" as const] : [])],
  };
});
