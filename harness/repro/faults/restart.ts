import { z } from "zod";
import { containerWord, type FaultScript, nodeVariable } from "../fault-script.ts";
import { downLines } from "./down.ts";

const params = z.looseObject({ node: z.string(), stopWithin: z.number().nullable() });

export const restart: FaultScript = {
  kind: "restart",
  write(given, _id, { watched, stopWithin: usual }) {
    const { node: selector, stopWithin } = params.parse(given);
    const node = nodeVariable(selector);
    const down = downLines(node.use, watched);
    const stop = `docker stop -t ${Math.ceil((stopWithin ?? usual) / 1000)} ${containerWord(node.use)} >/dev/null`;
    return {
      inject: [...node.set, ...down.before, stop, ...down.after],
      heal: [],
      functions: [...node.functions, ...down.functions],
    };
  },
};
