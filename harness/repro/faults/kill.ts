import { z } from "zod";
import { word } from "../bash.ts";
import { containerWord, type FaultScript, nodeVariable } from "../fault-script.ts";
import { downLines } from "./down.ts";

const params = z.looseObject({
  node: z.string(),
  signal: z.string(),
  restartAfter: z.union([z.literal("never"), z.number()]).nullable(),
});

export const kill: FaultScript = {
  kind: "kill",
  write(given, _id, { watched }) {
    const { node: selector, signal, restartAfter } = params.parse(given);
    const node = nodeVariable(selector);
    const down = downLines(node.use, watched);
    const never = restartAfter === "never";
    return {
      inject: [...node.set, ...down.before, `docker kill -s ${word(signal)} ${containerWord(node.use)} >/dev/null`],
      heal: never ? [] : down.after,
      functions: [...node.functions, ...down.functions.filter((piece) => !never || piece !== "start-again")],
    };
  },
};
