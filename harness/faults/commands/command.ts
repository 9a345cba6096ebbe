import { ChaosError } from "../../base/chaos-error.ts";
import type { Outcome } from "../../resp/reply.ts";
import { defineFault } from "../fault.ts";
import { durationParameter, nodeParameter, parameters, switchParameter } from "../parameters.ts";
import { selectNode } from "../selector.ts";
import { type Answer, within as answerWithin, ask, lateness, openFor, replyText, unanswered } from "./asked-command.ts";
import { commandParameter, fillWords } from "./command-words.ts";

/** How long a command that is not waited for may take to be refused, ms. */
const REFUSAL_MS = 300;
/** Connecting, and what else injecting takes beside waiting. */
const INJECT_MS = 60_000;

/**
 * Any RESP command on any node, on a connection of its own. Heal: `undo` if given; the connection is closed, unless an answer is
 * still due: that is waited for to the end of the run. Effect: the reply; for a command that is not waited for, that it was
 * sent and not refused.
 */
export const command = defineFault({
  kind: "command",
  onAttached: "free",
  summary: "any RESP command on any node",
  lasting: true,
  parameters: parameters({
    node: nodeParameter("who gets the command"),
    argv: commandParameter('the command and its arguments: ["DEBUG", "SLEEP", "5"]'),
    "wait-for-reply": switchParameter("false: send it and go on, for commands that block").default(true).as("wait"),
    within: durationParameter("how long the fault waits for the reply, which is awaited to the end of the run").default(
      "10s",
    ),
    "may-be-refused": switchParameter(
      "true: an error is an answer too, of a server that is right to refuse it while it does something else",
    )
      .default(false)
      .as("refusable")
      .formerly(false),
    undo: commandParameter("a command that heals it").optional(),
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
    const told = early ? answered(early, expected, within) : silence(wait ? within : null, expected);
    return { targets: [node.name], effect: async () => ({ measured: true, summary: `${name}: ${told}` }) };
  },
});

function answered({ outcome, ms }: Answer, expected: number | null, within: number): string {
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
