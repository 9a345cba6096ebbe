import { z } from "zod";
import { ChaosError } from "../../base/chaos-error.ts";
import { durationMs } from "../../base/units.ts";
import type { Outcome } from "../../resp/reply.ts";
import type { Fault } from "../fault.ts";
import { mentionNode, nodeSelector, resolvedNode, resolveNode, selectNode } from "../selector.ts";
import { type Answer, within as answerWithin, ask, lateness, openFor, replyText, unanswered } from "./asked-command.ts";
import { fillWords, mentionWords } from "./command-words.ts";

/** How long a command that is not waited for may take to be refused, ms. */
const REFUSAL_MS = 300;
/** Connecting, and what else injecting takes beside waiting. */
const INJECT_MS = 60_000;

/** A command as an experiment writes it: words, or numbers that become words. */
export const argvSchema = z
  .array(z.union([z.string(), z.number().transform(String)]))
  .min(1, { error: "expected at least a command name" });
const params = z.strictObject({
  node: nodeSelector.describe("who gets the command"),
  argv: argvSchema.describe('the command and its arguments: ["DEBUG", "SLEEP", "5"]'),
  "wait-for-reply": z.boolean().default(true).describe("false: send it and go on, for commands that block"),
  within: durationMs
    .default(10_000)
    .describe("how long the fault waits for the reply, which is awaited to the end of the run"),
  "may-be-refused": z
    .boolean()
    .default(false)
    .describe("true: an error is an answer too, of a server that is right to refuse it while it does something else"),
  undo: argvSchema.optional().describe("a command that heals it"),
});
type Params = z.infer<typeof params>;
const resolved = z.strictObject({
  node: resolvedNode,
  argv: z.array(z.string()).min(1),
  wait: z.boolean(),
  within: z.number().min(0),
  /** Absent in plans that were resolved before it existed. */
  refusable: z.boolean().default(false),
  undo: z.array(z.string()).min(1).nullable(),
});
type Resolved = z.infer<typeof resolved>;

/**
 * Any RESP command on any node, on a connection of its own. Heal: `undo` if given; the connection is closed, unless an answer is
 * still due: that is waited for to the end of the run. Effect: the reply; for a command that is not waited for, that it was
 * sent and not refused.
 */
export const command: Fault<Params, Resolved> = {
  kind: "command",
  summary: "any RESP command on any node",
  lasting: true,
  params,
  resolved,
  mentions: (p) => [
    ...mentionNode(p.node, ["node"]),
    ...mentionWords(p.argv, ["argv"]),
    ...mentionWords(p.undo ?? [], ["undo"]),
  ],
  resolve: (p, random, _occurrence, shape) => ({
    node: resolveNode(p.node, random, shape),
    argv: p.argv,
    wait: p["wait-for-reply"],
    within: p.within,
    refusable: p["may-be-refused"],
    undo: p.undo ?? null,
  }),
  injectWithin: ({ wait, within }) => INJECT_MS + (wait ? within : 0),
  inject: async (context, { node: selector, argv: words, wait, within, refusable, undo }) => {
    const { cluster, signal } = context;
    const node = selectNode(cluster, selector);
    const connections = await openFor(context, node, 1);
    const argv = fillWords(words, node, cluster);
    const { answers, expected } = ask(context, connections, { node, argv, number: 1, unawaited: !wait });
    // Healed before the connection is closed.
    if (undo) {
      context.onHeal(`${undo.join(" ")} on ${node.name}`, async () => {
        await node.admin(fillWords(undo, node, cluster), { within });
      });
    }
    const name = words.slice(0, 2).join(" ");
    // Not waiting still means looking once: a refused command has no effect and must not pass for one.
    const early = await answerWithin(answers[0] as Promise<Answer>, wait ? within : REFUSAL_MS, signal);
    if (early?.outcome.outcome === "fail" && !refusable) {
      throw new ChaosError("infrastructure", `${node.name} refused ${name}: ${refusal(early.outcome)}`, {
        hint: "Check the command against this server and its version; `may-be-refused: true` takes an error for an answer.",
      });
    }
    const told = early ? described(early, expected, within) : silence(wait ? within : null, expected);
    return { targets: [node.name], effect: async () => ({ measured: true, summary: `${name}: ${told}` }) };
  },
};

function described({ outcome, ms }: Answer, expected: number | null, within: number): string {
  const late = lateness({ ms, expected, within });
  const after = late === null ? "" : ` after ${late}`;
  if (outcome.outcome === "ok") return `${short(replyText(outcome.reply))}${after}`;
  return outcome.outcome === "fail" ? `refused, ${refusal(outcome)}${after}` : `${outcome.error}${after}`;
}

function silence(within: number | null, expected: number | null): string {
  return within === null ? `sent, not refused, not answered within ${REFUSAL_MS} ms` : unanswered(expected, within);
}

/** The server's own words, "ERR The keyspace scan is running". */
function refusal({ error, reply }: Extract<Outcome, { outcome: "fail" }>): string {
  return short(reply?.message ?? error);
}

function short(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
