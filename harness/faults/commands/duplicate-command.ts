import { z } from "zod";
import { sleep } from "../../base/deadline.ts";
import type { ClusterNode } from "../../cluster/cluster.ts";
import type { Outcome } from "../../resp/reply.ts";
import { defineFault, type FaultContext } from "../fault.ts";
import {
  drawnDurationParameter,
  durationParameter,
  nodeParameter,
  parameters,
  plannedAs,
  wholeNumberParameter,
} from "../parameters.ts";
import { resolvedNode, selectNode } from "../selector.ts";
import { type Answer, ask, lateness, openFor, unanswered, within } from "./asked-command.ts";
import { commandParameter, fillWords, topologyVersion } from "./command-words.ts";
import { urgently } from "./urgent-thread.ts";

/** The longest storm that the thread itself sleeps through, ms: nobody misses it for so long. */
const OWN_SLEEP_MS = 100;
/** Later than asked by more than this, the second copy no longer tests what it should. ms */
const LATE_MS = 10;

const written = parameters({
  node: nodeParameter("who gets the command"),
  "second-node": nodeParameter("who gets every second copy; without it the same node").optional(),
  argv: commandParameter('the command; "{self -> m2 host}", "{topology}" and the like are filled in'),
  copies: wholeNumberParameter("how many", 2, 64).default(2),
  // Two milliseconds less than the pattern's ten: a busy machine adds some.
  gap: drawnDurationParameter("between two copies").default("0ms..8ms"),
  within: durationParameter(
    "how long the fault waits for the replies, which are awaited to the end of the run",
  ).default("10s"),
});
const planned = z.strictObject({
  nodes: z.array(resolvedNode).min(1),
  argv: z.array(z.string()).min(1),
  copies: z.int().min(2),
  gap: z.number().min(0),
  within: z.number().min(0),
});
type Params = z.infer<typeof planned>;

interface Copy {
  node: ClusterNode;
  /** When it was handed to the kernel, run ms. */
  sent: number;
  expected: number | null;
  /** Until its reply, or the end of waiting for it. */
  ms: number;
  outcome: Outcome;
}

/**
 * The same command two or more times within milliseconds, each on a connection of its own that was open before: what a
 * controller's retry does. The pattern of tikv #17487: the second passes a check that the first has not yet made false.
 * Heal: the connections are closed, but those on which an answer is still due; what the command did is not undone. Effect: the gap that was achieved between the
 * copies, at most 10 ms above what was asked, and every copy's answer; if all copies are refused there was no effect.
 */
export const duplicateCommand = defineFault({
  kind: "duplicate-command",
  onAttached: "free",
  summary: "send one admin command twice (or more) within milliseconds, each on its own connection",
  lasting: false,
  parameters: plannedAs(written, planned, ({ node, secondNode, ...rest }) => ({
    nodes: secondNode === null ? [node] : [node, secondNode],
    ...rest,
  })),
  inject: async (context, p) => {
    const nodes = p.nodes.map((selector) => selectNode(context.cluster, selector));
    const copies = await sendCopies(context, nodes, p);
    context.emit(told(context.id, copies, p));
    const targets = [...new Set(nodes.map((node) => node.name))];
    return { targets, effect: async () => judge(copies, p) };
  },
});

async function sendCopies(context: FaultContext, nodes: readonly ClusterNode[], p: Params): Promise<Copy[]> {
  const { cluster, signal } = context;
  const receivers = Array.from({ length: p.copies }, (_, i) => nodes[i % nodes.length] as ClusterNode);
  // All connections are open before the first copy goes: a handshake takes longer than the gap.
  const connections = await Promise.all(receivers.map((node) => openFor(context, node, 1)));
  const version = topologyVersion(p.argv, cluster);
  const words = receivers.map((node) => fillWords(p.argv, node, cluster, version));
  const sendOne = (i: number): Promise<Copy> => {
    const node = receivers[i] as ClusterNode;
    const argv = words[i] as string[];
    const { sent, expected, answers } = ask(context, connections[i] ?? [], {
      node,
      argv,
      number: i + 1,
    });
    return within(answers[0] as Promise<Answer>, p.within, signal).then((answer) => ({
      node,
      sent,
      expected,
      ...(answer ?? { ms: p.within, outcome: { outcome: "info", error: "timeout" } as const }),
    }));
  };
  const indices = connections.keys();
  const copies: Promise<Copy>[] = [];
  if (p.gap * (p.copies - 1) <= OWN_SLEEP_MS) {
    // A timer of the event loop comes late by more than a whole gap, and a busy wait is sent to the back of the kernel's queue.
    await urgently(() => {
      for (const i of indices) {
        if (i > 0) sleepHere(p.gap);
        copies.push(sendOne(i));
      }
    });
  } else {
    for (const i of indices) {
      if (i > 0) await sleep(p.gap, signal);
      copies.push(sendOne(i));
    }
  }
  return Promise.all(copies);
}

/** The thread itself sleeps. */
function sleepHere(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function gapsOf(copies: readonly Copy[]): number[] {
  return copies.slice(1).map(({ sent }, i) => sent - (copies[i] as Copy).sent);
}

function told(id: string, copies: readonly Copy[], { argv, gap }: Params) {
  const round = (ms: number): number => Math.round(ms * 1000) / 1000;
  return {
    type: "duplicate-command",
    id,
    command: argv.slice(0, 2).join(" "),
    asked: round(gap),
    gaps: gapsOf(copies).map(round),
    answers: copies.map(({ node, ms, outcome }) => ({
      node: node.name,
      answer: outcome.outcome === "ok" ? null : outcome.error,
      ms: round(ms),
    })),
  } as const;
}

function judge(copies: readonly Copy[], { argv, gap, within }: Params): { measured: boolean; summary: string } {
  const worst = Math.max(...gapsOf(copies));
  const answers = copies.map(({ node, expected, ms, outcome }) => {
    const said = outcome.outcome === "ok" ? "accepted" : outcome.error;
    return `${node.name} ${said} after ${lateness({ ms, expected, within }) ?? `${ms.toFixed(1)} ms`}`;
  });
  const refused = copies.every(({ outcome }) => outcome.outcome === "fail");
  const late = worst > gap + LATE_MS;
  const open = copies.find(({ outcome }) => outcome.outcome === "info" && outcome.error === "timeout");
  const rest = open ? `; ${unanswered(open.expected, within)}` : "";
  const why = refused ? "; every copy was refused" : late ? `; asked for ${gap.toFixed(1)} ms: too late to count` : "";
  return {
    measured: !refused && !late,
    summary: `${argv[0]} ${copies.length} times, ${worst.toFixed(2)} ms apart at most: ${answers.join(", ")}${rest}${why}`,
  };
}
