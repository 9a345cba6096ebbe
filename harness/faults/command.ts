import { z } from "zod";
import { ChaosError } from "../base/chaos-error.ts";
import { sleep } from "../base/deadline.ts";
import { durationMs } from "../base/units.ts";
import { RawConnection } from "../resp/connection.ts";
import type { Outcome } from "../resp/reply.ts";
import type { Fault } from "./fault.ts";
import { mentionNode, nodeSelector, resolvedNode, resolveNode, selectNode } from "./selector.ts";
import { fillWords, mentionWords } from "./words.ts";

const OPEN_MS = 5_000;
/** How long a command that is not waited for may take to be refused, ms. */
const REFUSAL_MS = 300;
/** Longer than any run: such a command ends when its connection is closed by heal. */
const NO_DEADLINE_MS = 24 * 3_600_000;

/** A command as an experiment writes it: words, or numbers that become words. */
export const argvSchema = z
  .array(z.union([z.string(), z.number().transform(String)]))
  .min(1, { error: "expected at least a command name" });
const params = z.strictObject({
  node: nodeSelector.describe("who gets the command"),
  argv: argvSchema.describe('the command and its arguments: ["DEBUG", "SLEEP", "5"]'),
  "wait-for-reply": z.boolean().default(true).describe("false: send it and go on, for commands that block"),
  within: durationMs.default(10_000).describe("deadline for the reply"),
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
 * Any RESP command on any node, on a connection of its own that stays open until healed.
 * Heal: `undo` if given. Effect: the reply; for a command that is not waited for, that it was sent and not refused.
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
  inject: async (context, { node: selector, argv: words, wait, within, refusable, undo }) => {
    const { cluster, signal } = context;
    const node = selectNode(cluster, selector);
    const connection = await RawConnection.open({
      ...node.direct,
      password: cluster.password,
      within: OPEN_MS,
      signal,
    });
    context.onHeal(`close the connection of ${words[0]}`, async () => connection.close());
    if (undo) {
      context.onHeal(`${undo.join(" ")} on ${node.name}`, async () => {
        await node.admin(fillWords(undo, node, cluster), { within });
      });
    }
    const name = words.slice(0, 2).join(" ");
    const answer = connection.send(fillWords(words, node, cluster), { within: wait ? within : NO_DEADLINE_MS });
    // Not waiting still means looking once: a refused command has no effect and must not pass for one.
    const early = await (wait ? answer : Promise.race([answer, sleep(REFUSAL_MS, signal).then(() => null)]));
    if (early?.outcome === "fail" && !refusable) {
      throw new ChaosError("infrastructure", `${node.name} refused ${name}: ${refusal(early)}`, {
        hint: "Check the command against this server and its version; `may-be-refused: true` takes an error for an answer.",
      });
    }
    return { targets: [node.name], effect: async () => ({ measured: true, summary: describe(name, early) }) };
  },
};

function describe(name: string, outcome: Outcome | null): string {
  if (!outcome) return `${name}: sent, not refused, not answered within ${REFUSAL_MS} ms`;
  if (outcome.outcome === "ok") return `${name}: ${short(outcome.reply)}`;
  return outcome.outcome === "fail" ? `${name}: refused, ${refusal(outcome)}` : `${name}: ${outcome.error}`;
}

/** The server's own words, "ERR The keyspace scan is running". */
function refusal({ error, reply }: Extract<Outcome, { outcome: "fail" }>): string {
  return short(reply?.message ?? error);
}

function short(reply: unknown): string {
  const text = Buffer.isBuffer(reply) || typeof reply === "string" ? String(reply) : JSON.stringify(reply);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
