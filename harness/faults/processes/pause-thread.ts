import { z } from "zod";
import { ChaosError } from "../../base/chaos-error.ts";
import { formatDuration } from "../../base/units.ts";
import type { PauseRule } from "../../locks/pauses.ts";
import { defineFault, type Effect } from "../fault.ts";
import {
  choiceParameter,
  drawnDurationParameter,
  nodeParameter,
  Parameter,
  parameters,
  percentParameter,
  plainParameter,
  switchParameter,
  wholeNumberParameter,
} from "../parameters.ts";
import { selectNode } from "../selector.ts";
import { codeRanges, isOffset, placesParameter } from "./code-places.ts";
import { PauseWatch } from "./pause-watch.ts";

/** Copying a server's program and reading its names, ms. */
const INJECT_MS = 180_000;
/** What the library has room for. */
const THREAD_MAX = 31;
const SEED_MAX = 0xffffffff;

const described = parameters(
  {
    node: nodeParameter("whose threads pause"),
    thread: plainParameter(
      z.string().min(1).max(THREAD_MAX).meta({ title: "pattern" }),
      "the thread's name; `*` stands for anything, `?` for one character",
    ).optional(),
    before: placesParameter(
      "pause before a lock is asked for there: a function (`ReplicationThread::Stop`), a place in a file (`kvrocks+0x12ab`, where the call returns to), or a list of them",
    ).optional(),
    "after-lock": placesParameter("pause when a lock has just been got there").optional(),
    callers: switchParameter(
      "true: it counts as well where the lock is taken further down, in what was called from there; default: true, but false where all are places in files",
    ).optional(),
    holding: placesParameter("only while the thread holds, for each of these, a lock that it took there").optional(),
    mode: choiceParameter("only where the lock is taken so", ["shared", "exclusive"]).optional(),
    kind: choiceParameter("only at locks of this kind; `join`: where the end of another thread is waited for", [
      "mutex",
      "rwlock",
      "spin",
      "join",
    ]).optional(),
    length: drawnDurationParameter("of each pause", { least: "1ms", most: "1m" }),
    "every-nth": wholeNumberParameter("only every so manieth passage", 1, 1_000_000).default(1),
    probability: percentParameter("at how many of those").default("100%"),
    most: wholeNumberParameter("pauses at most", 1, 1_000_000).default(1),
    seed: new Parameter<number | undefined, number>({
      written: z
        .int()
        .min(0)
        .max(SEED_MAX)
        .optional()
        .describe("decides at which, with `probability`; default: drawn from the run's"),
      planned: z.int().min(0).max(SEED_MAX),
      resolve: (seed, { own }) => seed ?? own.int(0, SEED_MAX),
    }),
  },
  {
    check: ({ before, kind, "after-lock": after }, wrong) => {
      if ((before === undefined) === (after === undefined)) wrong("expected either `before` or `after-lock`");
      if (after !== undefined && kind === "join")
        wrong("`kind: join` goes with `before`: a join gets no lock", ["kind"]);
    },
  },
);
type Params = z.infer<typeof described.planned>;

/**
 * Lets a thread pause at one place of its server's program, while all others go on: a race that needs luck needs none then. The library
 * that is loaded into the servers does it (locks/), where a lock is asked for or has just been got. Silence of the node meanwhile is not
 * its own. Heal: threads that pause go on at once, and none pauses any more. Effect: known at the heal, pauses that have begun.
 */
export const pauseThread = defineFault({
  kind: "pause-thread",
  summary: "pause one thread where it takes a lock, while all others go on",
  lasting: true,
  parameters: described,
  injectWithin: () => INJECT_MS,
  inject: async (context, params) => {
    const node = selectNode(context.cluster, params.node);
    const { locks } = node;
    if (locks === null) {
      throw new ChaosError(
        "infrastructure",
        `none of ${node.name}'s threads can pause: its server runs without the library that sees locks`,
        {
          hint: "A note about locks, at the beginning of the run, says why it could not be loaded.",
        },
      );
    }
    const find = (places: readonly string[]) => codeRanges(places, node, locks, context.signal);
    const sites = await find(placesOf(params));
    const held = await find(params.holding ?? []);
    const rule = locks.addPause(ruleOf(params, { sites, held }));
    const watch = new PauseWatch(context, { node: node.name, locks, rule, length: params.length });
    context.onHeal(`let the threads of ${node.name} go on`, async () => {
      locks.endPause(rule);
      watch.close();
    });
    return {
      targets: [node.name],
      effectAt: "heal",
      effect: async () => {
        watch.look();
        return effectOf(params, { node: node.name, threads: [...watch.threads], ...locks.pauseState(rule) });
      },
    };
  },
});

function placesOf({ before, afterLock }: Params): readonly string[] {
  return before ?? afterLock ?? [];
}

function ruleOf(params: Params, { sites, held }: Pick<PauseRule, "sites" | "held">): PauseRule {
  const { before, callers, thread, mode, kind, length, everyNth, probability, most, seed } = params;
  return {
    where: before === null ? "after" : "before",
    thread: thread ?? "",
    sites,
    callers: callers ?? !placesOf(params).every(isOffset),
    held,
    mode,
    kind: kind === "join" ? "thread" : kind,
    length,
    every: everyNth,
    probability,
    most,
    seed,
  };
}

/** "before ReplicationThread::Stop" */
export function whereText(params: Pick<Params, "before" | "afterLock">): string {
  const places = [...(params.before ?? params.afterLock ?? [])].join(" or ");
  return params.before === null ? `after the lock in ${places}` : `before the lock in ${places}`;
}

function effectOf(
  params: Params,
  seen: { node: string; threads: readonly string[]; passed: number; hits: number },
): Effect {
  const { node, threads, passed, hits } = seen;
  const where = whereText(params);
  const passages = `${passed} ${passed === 1 ? "passage" : "passages"}`;
  if (hits === 0) return { measured: false, summary: `no thread of ${node} paused ${where}: 0 of ${passages}` };
  const who = threads.length === 0 ? "a thread" : threads.join(", ");
  const long = formatDuration(Math.round(params.length));
  const how = hits === 1 ? long : `${long}, ${hits} times,`;
  return { measured: true, summary: `paused ${who} of ${node} for ${how} ${where}: ${hits} of ${passages}` };
}
