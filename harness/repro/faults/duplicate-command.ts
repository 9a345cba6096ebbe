import { duplicateCommand } from "../../faults/commands/duplicate-command.ts";
import { secondsWord, word } from "../bash.ts";
import { commandWords } from "../command-words.ts";
import { nodeVariable, scriptOf } from "../fault-script.ts";

export const duplicateCommandScript = scriptOf(duplicateCommand, ({ nodes, argv, copies, gap }) => {
  const targets = nodes.map((selector, i) => nodeVariable(selector, `node${i}`));
  const receivers = Array.from({ length: copies }, (_, i) => targets[i % targets.length]?.use ?? "");
  const own = commandWords(argv, receivers[0] ?? "");
  const differs = [
    "The copies' connections are made when they are sent: the gap between them is some milliseconds longer than in kvchaos.",
  ];
  if (/place|topology_text/.test(own.text) && nodes.length > 1)
    differs.push("Every copy has the addresses of the first node's links; in kvchaos each node's own.");
  return {
    inject: [
      ...targets.flatMap(({ set }) => set),
      `say ${word(`${argv.slice(0, 2).join(" ")}, ${copies} times:`)} "$(send_copies ${secondsWord(gap)} ${receivers.join(" ")} -- ${own.text} | tr '\\n' ';')"`,
    ],
    heal: [],
    functions: ["send-copies", ...own.functions, ...targets.flatMap(({ functions }) => functions)],
    differs,
  };
});
