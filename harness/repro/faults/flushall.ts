import { flushall } from "../../faults/commands/flushall.ts";
import { words } from "../bash.ts";
import { nodeVariable, scriptOf } from "../fault-script.ts";

export const flushallScript = scriptOf(flushall, ({ node: selector, command }, _id, { flush }) => {
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
});
