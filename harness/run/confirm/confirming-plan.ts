import { groupBy } from "../../base/group-by.ts";
import { formatSeconds } from "../../base/units.ts";
import type { Plan, PlannedFault } from "../../journal/plan.ts";
import type { PredictedSide, Prediction } from "../../journal/prediction.ts";
import type { RunRecord } from "../../journal/record.ts";
import { closestMoments } from "../../locks/predict/closest.ts";
import { offsetIn, placeOf } from "../../locks/predict/places.ts";

/*
 *   the run that foretold it                     the run that tries
 *   ───────────────────────                      ─────────────────
 *   SLAVEOF a     ── side 2 at 4.1 s ──┐         SLAVEOF a        ──► side 2 pauses where it wants its lock
 *   …                                  ├─ gap         └─ when it pauses ─► SLAVEOF NO ONE, again and again
 *   SLAVEOF NO ONE ─ side 1 at 6.0 s ──┘         SLAVEOF NO ONE … (the same tour goes on)
 */

/** Where a try lets threads pause. */
export interface Attempt {
  /** Indices of the prediction's sides. */
  sides: readonly number[];
  /** ms of each pause. */
  length: number;
  plan: Plan;
}

/** Shorter than a server may be silent before it counts as hung. */
const LONGEST_MS = 3_500;
const SHORTEST_MS = 1_000;
/** After a pause has begun: when the commands of the other sides are given, ms. */
const AGAIN_MS = [50, 400, 1_000, 2_000];
/** A pause is over before it is known that the lock was another one, so that several may be needed. */
const MOST_PAUSES = 6;
/** During so many of them the commands of the other sides are given. */
const TIMES = 3;
/** Different commands that make one side. */
const STEPS = 3;
/** A command that has been answered for so long has nothing to do with it, ms. */
const AFTERMATH_MS = 10_000;
/** Beside the pauses: how long a try goes on behind the last moment that it needs, ms. */
const REST_MS = 4_000;
/** A deadlock with its proof is none that time heals, ms. */
const RECOVERY_MS = 10_000;
/** The library's limit of places in one pause. */
const PLACES = 8;

/**
 * The plans that try to make a prediction real, the most promising first: the run's own plan as far as the sides were seen in it, with pauses
 * of one side, of another, of all of them, and the commands of the other sides while one pauses.
 * @param record of the run that foretold it @param tries how many
 */
export function confirmingPlans(record: RunRecord, node: string, prediction: Prediction, tries: number): Attempt[] {
  const { plan } = record;
  if (plan === null) return [];
  const { sides, gap } = prediction;
  const chaos = record.view.phase("chaos")?.from ?? 0;
  const meeting = closestMoments(sides.map(({ at }) => at));
  const steps = sides.map(({ at }, i) => stepsOf(record, plan, [...(meeting?.slice(i, i + 1) ?? []), ...at]));
  const last = meeting === null ? null : Math.max(...meeting) - chaos;
  const all = sides.map((_, i) => i);
  const inOrder = all.toSorted(
    (a, b) => inTheWay(sides[a]) - inTheWay(sides[b]) || came(meeting, b) - came(meeting, a),
  );
  const single = inOrder.map((i) => [i]);
  const choices = sides.length === 1 ? single : [...single, all];
  const usual = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, (gap ?? SHORTEST_MS) * 1.2 + 500));
  const lengths = [usual, LONGEST_MS, SHORTEST_MS / 2];
  const run = record.first("run")?.runId ?? "";
  return lengths
    .flatMap((length) => choices.map((chosen) => ({ sides: chosen, length })))
    .slice(0, tries)
    .map(({ sides: chosen, length }) => ({
      sides: chosen,
      length,
      plan: withPauses(asFarAs(plan, last, length), { run, node, prediction, chosen, length, steps }),
    }));
}

/** While a side pauses, the others have to get as far as their own first locks: the fewer it keeps from everybody, the better. */
function inTheWay(side: PredictedSide | undefined): number {
  return side?.holds.filter(({ mode }) => mode === "exclusive").length ?? 0;
}

/** Of two sides the one that came last is to wait for the first. */
function came(meeting: readonly number[] | null, side: number): number {
  return meeting?.[side] ?? side;
}

/** The plan without what comes later than `last`, ms of chaos; null: all of it. What it says may be refused: it is not about that. */
function asFarAs(plan: Plan, last: number | null, length: number): Plan {
  const faults = plan.faults.map(refusable);
  if (last === null) return { ...plan, faults };
  const duration = Math.min(plan.experiment.duration, Math.max(0, last) + TIMES * length + REST_MS);
  return {
    ...plan,
    experiment: { ...plan.experiment, duration },
    faults: faults.filter(({ trigger }) => trigger.kind !== "at" || trigger.at < duration),
  };
}

function refusable(step: PlannedFault): PlannedFault {
  return step.fault === "command" ? { ...step, params: { ...step.params, refusable: true } } : step;
}

interface Pausing {
  /** Id of the run that foretold it. */
  run: string;
  node: string;
  prediction: Prediction;
  chosen: readonly number[];
  length: number;
  /** By side: the steps of the plan that made it. */
  steps: readonly (readonly PlannedFault[])[];
}

function withPauses(plan: Plan, { run, node, prediction, chosen, length, steps }: Pausing): Plan {
  const pauses = chosen.flatMap((i) => {
    const side = prediction.sides[i];
    return side ? [{ i, fault: pauseOf(side, `hold-${i + 1}`, node, length) }] : [];
  });
  const others = pauses.flatMap(({ i, fault }) => {
    const rest = steps.flatMap((own, side) => (side === i ? [] : own));
    const moments = Array.from({ length: TIMES }, (_, n) => AGAIN_MS.map((delay) => ({ nth: n + 1, delay }))).flat();
    const during = moments.filter(({ delay }) => delay < length);
    return during.flatMap(({ nth, delay }) =>
      rest.map(
        (step): PlannedFault => ({
          ...refusable(step),
          id: `meet-${i + 1}`,
          trigger: { kind: "when", when: { kind: "pause", fault: fault.id, nth }, delay },
        }),
      ),
    );
  });
  return {
    ...plan,
    experiment: {
      ...plan.experiment,
      locks: true,
      stopOn: "first-finding",
      recovery: { within: Math.min(plan.experiment.recovery.within, RECOVERY_MS) },
      checks: withHangs(plan.experiment.checks),
      confirms: {
        run,
        signature: prediction.signature,
        node,
        sides: prediction.sides.map(sideOf),
        pause: pauses.map(({ i }) => pauseWords(prediction.sides[i], length)).join(" and "),
      },
    },
    faults: [...pauses.map(({ fault }) => fault), ...plan.faults, ...numbered(others)],
  };
}

/** Of the same fault: "meet-1#1", "meet-1#2". */
function numbered(faults: readonly PlannedFault[]): PlannedFault[] {
  return [...groupBy(faults, ({ id }) => id)].flatMap(([id, own]) =>
    own.map((fault, i) => ({ ...fault, id: `${id}#${i + 1}` })),
  );
}

function sideOf({ thread, wants }: PredictedSide): NonNullable<Plan["experiment"]["confirms"]>["sides"][number] {
  const place = wants.site.function === null ? null : placeOf(wants);
  // Debuggers have other names for lambdas.
  const named = place === null || place.includes("lambda") ? null : place;
  return { thread, waits: wants.kind === "thread" ? "join" : wants.kind, place: named };
}

/** A prediction does not fail the run that tries it; the hang does. */
function withHangs(checks: readonly string[]): string[] {
  return [...new Set(["no-hang", "no-crash", ...checks.filter((name) => name !== "lock-order")])];
}

function pauseOf({ thread, wants, holds }: PredictedSide, id: string, node: string, length: number): PlannedFault {
  const held = [...new Set(holds.map(({ site }) => offsetIn(site)))].slice(0, PLACES);
  return {
    id,
    fault: "pause-thread",
    trigger: { kind: "at", at: 0 },
    duration: null,
    params: {
      node,
      thread: thread.replaceAll("#", "*"),
      before: [offsetIn(wants.site)],
      afterLock: null,
      callers: false,
      holding: held.length === 0 ? null : held,
      mode: wants.mode,
      kind: wants.kind === "thread" ? "join" : wants.kind,
      length,
      everyNth: 1,
      probability: 1,
      most: MOST_PAUSES,
      seed: 0,
    },
  };
}

/** "a pause of 2.5 s before ReplicationThread::Stop in thread worker" */
function pauseWords(side: PredictedSide | undefined, length: number): string {
  if (!side) return "";
  return `a pause of ${formatSeconds(length)} before ${placeOf(side.wants)} in thread ${side.thread}`;
}

/** What the run was doing at these moments, the first of them first: the steps under way, or else the last one before. */
function stepsOf(record: RunRecord, plan: Plan, moments: readonly number[]): PlannedFault[] {
  const spans = record.view.faults.flatMap(({ id, from, injected }) => {
    const step = plan.faults.find((one) => one.id === id);
    return step && step.fault !== "pause-thread" && from !== null ? [{ step, from, to: injected ?? from }] : [];
  });
  const found = moments.flatMap((moment) => {
    // Moments are noted to a tenth of a second.
    const during = spans.filter(({ from, to }) => from - 100 <= moment && moment <= to + 100);
    if (during.length > 0) return during;
    const before = spans.filter(({ from, to }) => from <= moment && moment - to <= AFTERMATH_MS);
    return before.sort((a, b) => b.from - a.from).slice(0, 1);
  });
  const distinct = new Map(found.map(({ step }) => [JSON.stringify([step.fault, step.params]), step]));
  return [...distinct.values()].slice(0, STEPS);
}
