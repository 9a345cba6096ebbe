import { kill } from "../../faults/processes/kill.ts";
import { word } from "../bash.ts";
import { containerWord, nodeVariable, scriptOf } from "../fault-script.ts";
import { downLines } from "./down.ts";

export const killScript = scriptOf(kill, ({ node: selector, signal, restartAfter }, _id, { watched }) => {
  const node = nodeVariable(selector);
  const down = downLines(node.use, watched);
  const never = restartAfter === "never";
  return {
    inject: [...node.set, ...down.before, `docker kill -s ${word(signal)} ${containerWord(node.use)} >/dev/null`],
    heal: never ? [] : down.after,
    functions: [...node.functions, ...down.functions.filter((piece) => !never || piece !== "start-again")],
  };
});
