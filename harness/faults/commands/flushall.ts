import { messageOf } from "../../base/chaos-error.ts";
import type { ClusterNode } from "../../cluster/cluster.ts";
import type { EventOf } from "../../journal/events.ts";
import type { Outcome } from "../../resp/reply.ts";
import type { Argv } from "../../systems/system.ts";
import { defineFault, type Effect, type FaultContext } from "../fault.ts";
import { choiceParameter, durationParameter, nodeParameter, parameters } from "../parameters.ts";
import { selectNode } from "../selector.ts";
import { headOf, placeSentinel, REFUSED, reachedBy, type Seen, SentinelWatch, seenText } from "./flush-effect.ts";

const COMMAND_MS = 10_000;
/** Measuring an effect may take 20 s in all (run/chaos/fault-runner.ts). */
const LONGEST_MS = 15_000;

/**
 * Empties the dataset while everything goes on. Heal: nothing to undo (the data is gone, on purpose).
 * Journaled: the command with its answer (`flush`), and on every node that it reaches when a key written just before was gone
 * (`flush-effect`). Effect: that key is gone on at least one of them, or another flush had taken it just before; the key count is no evidence, since Kvrocks and Pika
 * answer DBSIZE from their last scan (docs/facts.md#pika). A flush that is refused (a read-only replica) has no effect.
 */
export const flushall = defineFault({
  kind: "flushall",
  onAttached: "allowed",
  summary: "FLUSHALL or FLUSHDB under load",
  lasting: false,
  parameters: parameters({
    node: nodeParameter("who gets the command").default("master"),
    command: choiceParameter("what is sent", ["flushall", "flushdb"]).default("flushall"),
    within: durationParameter("how long each node is watched for losing a key written before", {
      holds: (ms) => ms > 0 && ms <= LONGEST_MS,
      error: "expected a duration up to 15s",
    })
      .default("5s")
      .formerly(5_000),
  }),
  inject: async (context, { node: selector, command, within }) => {
    const { cluster } = context;
    const node = selectNode(cluster, selector);
    const sentinel = `${cluster.keyTag(node.name)}kvchaos:flush:${context.id}`;
    const watches = reachedBy(cluster, node).map((reached) => new SentinelWatch(context, reached, sentinel));
    await placeSentinel(context, headOf(cluster, node), sentinel, watches);
    const over = new AbortController();
    // Watched from before it is sent: on a node without much data it is done in less than a millisecond.
    const seen = Promise.all(watches.map((watch) => watch.gone(over.signal)));
    const { flushAll, flushDb } = cluster.system.commands;
    const flush = await send(context, node, command === "flushall" ? flushAll() : flushDb(), () => {
      for (const watch of watches) watch.flushing();
    });
    context.emit(flush);
    if (flush.failed !== null) over.abort(REFUSED);
    const timer = setTimeout(() => over.abort(), within);
    void seen.then(() => clearTimeout(timer));
    return { targets: [node.name], effect: async () => effectOf(flush, await seen) };
  },
});

/** On a connection of its own: only one command with an exact outcome can be told to have been refused, or not answered. */
async function send(context: FaultContext, node: ClusterNode, argv: Argv, onSent: () => void): Promise<Flush> {
  const { clock, id, signal } = context;
  const event = { type: "flush", id, node: node.name, command: argv.join(" ") } as const;
  let invoked = clock.now();
  try {
    const connection = await node.connect({ within: COMMAND_MS, signal });
    try {
      invoked = clock.now();
      onSent();
      const outcome = await connection.send(argv, { within: COMMAND_MS });
      const acknowledged = outcome.outcome === "ok" ? clock.now() : null;
      return { ...event, invoked, acknowledged, failed: failureOf(outcome) };
    } finally {
      connection.close();
    }
  } catch (error) {
    signal.throwIfAborted();
    return { ...event, invoked, acknowledged: null, failed: messageOf(error) };
  }
}

type Flush = Omit<EventOf<"flush">, "t">;

/** Why it definitely did not happen; null: it did, or nobody knows. */
function failureOf(outcome: Outcome): string | null {
  return outcome.outcome === "fail" ? (outcome.reply?.message ?? outcome.error) : null;
}

function effectOf(flush: Flush, seen: readonly Seen[]): Effect {
  const { node, command, invoked, acknowledged, failed } = flush;
  if (failed !== null) return { measured: false, summary: `${command} on ${node} failed: ${failed}` };
  const said = acknowledged === null ? "was not answered" : `was answered in ${Math.round(acknowledged - invoked)} ms`;
  // Right behind another flush there is nothing left to remove: that it was acknowledged is all there is to see.
  const nothingLeft = acknowledged !== null && seen.some(({ why }) => why === "another flush took it first");
  return {
    measured: nothingLeft || seen.some(({ at }) => at !== null),
    summary: `${command} ${said}; a key written before it was gone on ${seenText(seen, invoked)}`,
  };
}
