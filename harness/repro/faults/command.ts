import { command } from "../../faults/commands/command.ts";
import { word } from "../bash.ts";
import { commandWords } from "../command-words.ts";
import { nodeVariable, scriptOf } from "../fault-script.ts";

/** What they change ends with their connection, and redis-cli's ends with the command. */
const OF_CONNECTION = /^(MULTI|WATCH|MONITOR|P?SUBSCRIBE|SELECT|AUTH|HELLO|READONLY)$/i;

export const commandScript = scriptOf(command, ({ node: selector, argv, wait, within, undo }, id) => {
  const node = nodeVariable(selector);
  const own = commandWords(argv, node.use);
  const back = undo && commandWords(undo, node.use);
  const deadline = Math.max(1, Math.ceil(within / 1000));
  const said = `say ${node.use}: ${word(argv.slice(0, 2).join(" "))}:`;
  const ask = (text: string) =>
    `${said} "$(WITHIN=${deadline} cli ${node.use} ${text} | head -c 200 | grep . || echo 'no answer')"`;
  const sent = [`${said} sent, its answer is not waited for`, `send ${word(id)} ${node.use} ${own.text}`];
  return {
    inject: [...node.set, ...(wait ? [ask(own.text)] : sent)],
    heal: [...(back ? [ask(back.text)] : []), ...(wait ? [] : [`unsend ${word(id)}`])],
    functions: [...node.functions, ...own.functions, ...(back?.functions ?? []), ...(wait ? [] : ["send" as const])],
    ...(wait && OF_CONNECTION.test(argv[0] ?? "")
      ? { differs: [`kvchaos keeps the connection of ${argv[0]} open; here it ends with the answer.`] }
      : {}),
  };
});
