import { z } from "zod";
import { words } from "../bash.ts";
import { type FaultScript, nodeVariable } from "../fault-script.ts";

const params = z.looseObject({ node: z.string(), command: z.enum(["flushall", "flushdb"]) });

export const flushall: FaultScript = {
  kind: "flushall",
  write(given, _id, { flush }) {
    const { node: selector, command } = params.parse(given);
    const node = nodeVariable(selector);
    const argv = words(flush[command]);
    return {
      inject: [
        ...node.set,
        `say ${node.use}: ${argv}: "$(WITHIN=10 cli ${node.use} ${argv} | grep . || echo 'no answer')"`,
      ],
      heal: [],
      functions: node.functions,
    };
  },
};
