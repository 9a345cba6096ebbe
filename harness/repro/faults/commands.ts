import { command } from "../../faults/commands/command.ts";
import { duplicateCommand } from "../../faults/commands/duplicate-command.ts";
import { flushall } from "../../faults/commands/flushall.ts";
import { switchMaster } from "../../faults/commands/switch-master.ts";
import { migrateSlots } from "../../faults/slots/migrate-slots.ts";
import { secondsWord, word, words } from "../bash.ts";
import { commandWords } from "../command-words.ts";
import { type FaultScript, nodeScript, nodeVariable, nodeWord, scriptOf } from "../fault-script.ts";

/** What they change ends with their connection, and redis-cli's ends with the command. */
const OF_CONNECTION = /^(MULTI|WATCH|MONITOR|P?SUBSCRIBE|SELECT|AUTH|HELLO|READONLY)$/i;

const commandScript = nodeScript(command, (node, { argv, wait, within, undo }, id) => {
  const deadline = Math.max(1, Math.ceil(within / 1000));
  const said = `say ${node}: ${word(argv.slice(0, 2).join(" "))}:`;
  const ask = (text: string) =>
    `${said} "$(WITHIN=${deadline} cli ${node} ${text} | head -c 200 | grep . || echo 'no answer')"`;
  const own = commandWords(argv, node);
  const back = undo ? [ask(commandWords(undo, node))] : [];
  if (!wait)
    return {
      inject: [`${said} sent, its answer is not waited for`, `send ${word(id)} ${node} ${own}`],
      heal: [...back, `unsend ${word(id)}`],
    };
  return {
    inject: [ask(own)],
    heal: back,
    differs: OF_CONNECTION.test(argv[0] ?? "")
      ? [`kvchaos keeps the connection of ${argv[0]} open; here it ends with the answer.`]
      : [],
  };
});

const duplicateCommandScript = scriptOf(duplicateCommand, ({ nodes, argv, copies, gap }) => {
  const targets = nodes.map((selector, i) => nodeVariable(selector, `node${i}`));
  const receivers = Array.from({ length: copies }, (_, i) => targets[i % targets.length]?.use ?? "");
  const own = commandWords(argv, receivers[0] ?? "");
  const differs = [
    "The copies' connections are made when they are sent: the gap between them is some milliseconds longer than in kvchaos.",
  ];
  if (/place|topology_text/.test(own) && nodes.length > 1)
    differs.push("Every copy has the addresses of the first node's links; in kvchaos each node's own.");
  return {
    inject: [
      ...targets.flatMap(({ set }) => set),
      `say ${word(`${argv.slice(0, 2).join(" ")}, ${copies} times:`)} "$(send_copies ${secondsWord(gap)} ${receivers.join(" ")} -- ${own} | tr '\\n' ';')"`,
    ],
    differs,
  };
});

const flushallScript = nodeScript(flushall, (node, { command }, _id, { flush }) => {
  const argv = words(flush[command]);
  return { inject: [`say ${node}: ${argv}: "$(WITHIN=10 cli ${node} ${argv} | grep . || echo 'no answer')"`] };
});

const switchMasterScript = scriptOf(
  switchMaster,
  ({ to, node, oldMaster, throughNoOne }) => {
    if (node === null) return { inject: [`promote ${nodeWord(to)}${oldMaster === "leave" ? " leave" : ""}`] };
    const replica = nodeWord(node);
    const target = to === "other-master" ? `"$(other_master ${replica})"` : nodeWord(to);
    return { inject: [`${throughNoOne ? "repoint_through_no_one" : "repoint"} ${replica} ${target}`] };
  },
  { moves: true },
);

const migrateSlotsScript = scriptOf(
  migrateSlots,
  ({ from, to, slots, close }) => {
    const source = nodeVariable(from, "from");
    const target = to === "other-master" ? `"$(other_master ${source.use})"` : nodeWord(to);
    const which = typeof slots === "number" ? `$(first_slots ${source.use} ${slots})` : slots.join(" ");
    return {
      inject: [...source.set, `migrate_slots ${source.use} ${target} ${close} ${which} &`],
      heal: ["wait"],
      differs: ["Clients that are sent on to another master get there by the address that the servers have of it."],
    };
  },
  { redirects: true },
);

export const commandScripts: readonly FaultScript[] = [
  commandScript,
  duplicateCommandScript,
  flushallScript,
  switchMasterScript,
  migrateSlotsScript,
];
