import { ChaosError } from "../../base/chaos-error.ts";
import { until } from "../../base/deadline.ts";
import type { ClusterNode } from "../../cluster/cluster.ts";
import { RespError } from "../../resp/reply.ts";
import { defineFault, type FaultContext } from "../fault.ts";
import { choiceParameter, durationParameter, nodeParameter, parameters } from "../parameters.ts";
import { selectNode } from "../selector.ts";
import { START_MS, startAgain } from "./restart.ts";

const KILL_MS = 10_000;
const CAPTURE_MS = 30_000;
/** A refused SHUTDOWN is answered at once; an accepted one ends the connection. */
const ASK_MS = 5_000;

/** 0, and 143: a process without a handler ends by SIGTERM itself, and so did what it was asked to. */
export const CLEAN_EXITS: readonly number[] = [0, 143];

const VIAS = ["sigterm", "shutdown", "shutdown-nosave"] as const;
/**
 * Asks a server to stop and waits for it (the pattern of orioledb #340: it never does). In time: it is started again at once.
 * Not in time: every thread's stack and the wait-for graph are captured first, then SIGKILL, then it is started again.
 * Heal: the same start, should injecting have failed half-way. Effect: the exit code and how long it took.
 */
export const shutdown = defineFault({
  kind: "shutdown",
  summary: "ask a server to stop, with a deadline, and start it again",
  lasting: false,
  parameters: parameters({
    node: nodeParameter("who is asked to stop"),
    via: choiceParameter("how it is asked", VIAS).default("sigterm"),
    within: durationParameter("time to end by itself; then its stacks are taken and it is killed").default("20s"),
  }),
  injectWithin: ({ within }) => within + CAPTURE_MS + KILL_MS + 2 * START_MS,
  inject: async (context, { node: selector, via: how, within }) => {
    const { cluster, clock, signal } = context;
    const node = selectNode(cluster, selector);
    const release = context.claim(node.name, "down");
    let ending = false;
    context.onHeal(`start ${node.name}`, async () => {
      // It was asked to end and may do so at any moment: only one that has ended can be started.
      if (ending) await end(node);
      await startAgain(context, node);
    });
    const keepsData = how !== "shutdown-nosave" && (await promisesToKeep(context, node));
    const asked = clock.now();
    ending = true;
    await ask(node, how, signal);
    const about = { id: context.id, node: node.name, via: how, asked, within, keepsData } as const;
    const told = { type: "shutdown", ...about } as const;
    const exitCode = await ended(node, within, signal);
    if (exitCode === undefined) {
      await context.capture(node.name, "shutdown-hang");
      context.emit({ ...told, ended: null, exitCode: null });
      await end(node);
    } else {
      context.emit({ ...told, ended: clock.now(), exitCode });
      // Before it is started again: a core is in its container, its last words are in its log.
      await context.capture(node.name, exitCode !== null && CLEAN_EXITS.includes(exitCode) ? "core" : "dead");
    }
    const ms = Math.round(clock.now() - asked);
    ending = false;
    await startAgain(context, node);
    release();
    const outcome =
      exitCode === undefined
        ? `had not ended after ${within} ms and was killed`
        : `ended with exit code ${exitCode} after ${ms} ms`;
    return { targets: [node.name], effect: async () => ({ measured: true, summary: `${node.name} ${outcome}` }) };
  },
});

/** Will what it has acknowledged outlive a clean stop? One that does not answer has made no promise that could be checked. */
async function promisesToKeep({ signal }: FaultContext, node: ClusterNode): Promise<boolean> {
  const settings = Object.entries(node.server.system.keepsDataWith ?? {});
  if (settings.length === 0) return true;
  const answers = await Promise.all(
    settings.map(async ([name, wanted]) => {
      const reply = await node.admin(["CONFIG", "GET", name], { within: ASK_MS, signal }).catch(() => null);
      signal.throwIfAborted();
      return Array.isArray(reply) && reply.length === 2 && wanted.test(String(reply[1]));
    }),
  );
  return answers.includes(true);
}

async function ask(node: ClusterNode, how: (typeof VIAS)[number], signal: AbortSignal): Promise<void> {
  if (how === "sigterm") return node.kill("SIGTERM");
  const argv = how === "shutdown" ? ["SHUTDOWN"] : ["SHUTDOWN", "NOSAVE"];
  try {
    await node.admin(argv, { within: ASK_MS, signal });
  } catch (error) {
    signal.throwIfAborted();
    // An accepted SHUTDOWN has no answer: the connection ends, or hangs with the server. An error reply is a refusal.
    if (error instanceof ChaosError && error.cause instanceof RespError) throw error;
  }
}

/** Kills it, unless it has ended, and waits for that: bounded, whatever becomes of the run. */
async function end(node: ClusterNode): Promise<void> {
  if ((await node.inspect()).running) await node.kill("SIGKILL");
  if ((await ended(node, KILL_MS)) !== undefined) return;
  throw new ChaosError("infrastructure", `${node.name} did not even end on SIGKILL`);
}

/** Its exit code, or undefined when it still runs after that long. */
async function ended(node: ClusterNode, within: number, signal?: AbortSignal): Promise<number | null | undefined> {
  try {
    const state = await until({ what: `the end of ${node.name}`, within, signal }, async () => {
      const now = await node.inspect();
      return !now.running && now;
    });
    return state.exitCode;
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof ChaosError && error.code === "timeout") return undefined;
    throw error;
  }
}
