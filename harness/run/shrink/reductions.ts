import type { Plan } from "../../journal/plan.ts";
import { at, type Document, entriesOf, isTree, type Proposal, type Reduction, set } from "./document.ts";
import { fewest } from "./fewest.ts";
import { fixedValues, rounder } from "./fixed-values.ts";
import { rangeOf, roundNumbers, written } from "./simpler-values.ts";

/*
 *   structure: faults, loads, expectations, repetitions ─► details: settings, data, load, times ─► again, until nothing changes
 *                                                                                                    └─► structure once more, asked for sure
 *
 * What gives most comes first: a run with fewer faults and a shorter chaos phase makes all others quicker. A proposal that is no
 * experiment is one that does not fail: whoever is asked reads it first.
 */

/** Keys of an experiment that can be left out, each by itself. */
const OPTIONAL: readonly (readonly string[])[] = [
  ["preload"],
  ["full-sync"],
  ["cores"],
  ["noise"],
  ["locks"],
  ["known"],
  ["allow"],
  ["losses"],
  ["reconcile"],
  ["warm-up"],
  ["recovery"],
  ["watchdog"],
];
/** Numbers that may be smaller, and the least that is tried. */
const OF_PRELOAD = { keys: 1, value: 1 };
const OF_LOAD = { connections: 1, pipeline: 1, keys: 1, elements: 1, value: 1, rate: 1 };
const OF_CLUSTER = { masters: 1, replicas: 0, chain: 0, sentinels: 3 };
/** What a fault cannot be without, and its name, by which others know it. */
const KEPT_OF_FAULT = ["id", "fault", "at", "every", "after", "when"];
/** ms */
const SHORTEST_CHAOS = 1_000;
/** A chaos phase as long as this is tried with all its times in a quarter of it. ms */
const LONG = 20_000;
const QUICKER = 4;
/** So few faults are found one by one. */
const FEW = 4;
/** So many of the last ones are tried alone. */
const LAST = [4, 10];
/** Of more entries, one wrong answer is only one more question. */
const MANY = 8;

/**
 * Proposes smaller and simpler experiments that may still fail. Runs nothing itself; the same answers give the same proposals.
 * @param planOf what a document becomes; null: it is no experiment
 * @param came ids of the faults that had come when it failed, in that order
 */
export function* reductions(
  start: Document,
  planOf: (document: Document) => Plan | null,
  came: readonly string[] = [],
): Reduction {
  // Of many faults most are left out by runs that fail: they had better be short.
  const many = entriesOf(start, "faults").length > FEW;
  let best = many ? yield* sooner(start, came) : start;
  for (;;) {
    const before = best;
    best = yield* structure(best);
    best = yield* details(best, planOf);
    if (best !== before) continue;
    best = yield* forSure(structure(best));
    if (best === before) return best;
  }
}

function* sooner(start: Document, came: readonly string[]): Reduction {
  let best = yield* trying(start, set(start, ["stop-on"], "first-finding"), "stop-on: first-finding");
  best = yield* lastOf(best, came);
  return yield* quicker(best);
}

/** Everything in a quarter of the time: every run after that is so much shorter. */
function* quicker(start: Document): Reduction {
  const length = rangeOf(start.duration);
  if (length?.kind !== "duration" || length.min < LONG) return start;
  const timed = entriesOf(start, "faults").reduce<Document>((document, fault, index) => {
    const keys = ["at", "start"].filter((key) => fault[key] !== undefined);
    return keys.reduce((one, key) => {
      const time = rangeOf(fault[key]);
      if (time?.kind !== "duration") return one;
      return set(one, ["faults", index, key], written({ kind: time.kind, value: Math.round(time.min / QUICKER) }));
    }, document);
  }, start);
  const duration = written({ kind: length.kind, value: Math.ceil(length.min / QUICKER / 1000) * 1000 });
  return yield* trying(start, set(timed, ["duration"], duration), "all in a quarter of the time");
}

/** Only those that had come; of these only the last: what comes right before a failure is most often what leads to it. */
function* lastOf(start: Document, came: readonly string[]): Reduction {
  const faults = entriesOf(start, "faults");
  const only = (ids: readonly string[]): Document =>
    closed(
      set(
        start,
        ["faults"],
        faults.filter(({ id }) => ids.includes(String(id))),
      ),
    );
  const known = came.filter((id) => faults.some((fault) => fault.id === id));
  if (known.length === 0) return start;
  let best = yield* trying(start, only(known), `faults: the ${known.length} that had come`);
  for (const last of LAST) {
    if (last >= entriesOf(best, "faults").length) break;
    const before = best;
    best = yield* trying(best, only(known.slice(-last)), `faults: the last ${last} that had come`);
    if (best !== before) break;
  }
  return best;
}

/** The same proposals, of which a wrong answer is less likely. */
function* forSure(search: Reduction): Reduction {
  let step = search.next();
  while (!step.done) step = search.next(yield { ...step.value, sure: true });
  return step.value;
}

function* structure(start: Document): Reduction {
  let best = yield* fewestEntries(start, "faults");
  for (const index of entriesOf(best, "faults").keys()) best = yield* least(best, ["faults", index, "count"], 1);
  best = yield* least(best, ["duration"], SHORTEST_CHAOS);
  best = yield* fewestEntries(best, "load");
  best = yield* fewestEntries(best, "expectations");
  const { cluster } = best;
  if (isTree(cluster) && !("replicas" in cluster))
    best = yield* trying(best, set(best, ["cluster", "replicas"], 0), "cluster.replicas: 0");
  if (isTree(cluster))
    for (const [key, min] of Object.entries(OF_CLUSTER)) best = yield* least(best, ["cluster", key], min);
  return best;
}

function* details(start: Document, planOf: (document: Document) => Plan | null): Reduction {
  let best = start;
  for (const path of OPTIONAL) best = yield* without(best, path);
  for (const path of settingsOf(best)) best = yield* without(best, path);
  for (const [key, min] of Object.entries(OF_PRELOAD)) best = yield* least(best, ["preload", key], min);
  for (const index of entriesOf(best, "load").keys())
    for (const [key, min] of Object.entries(OF_LOAD)) best = yield* least(best, ["load", index, key], min);
  for (const [index, load] of entriesOf(best, "load").entries())
    for (const key of Object.keys(load))
      if (key !== "workload" && key !== "tool") best = yield* without(best, ["load", index, key]);
  for (const [index, fault] of entriesOf(best, "faults").entries())
    for (const key of Object.keys(fault))
      if (!KEPT_OF_FAULT.includes(key)) best = yield* without(best, ["faults", index, key]);
  for (const fixed of fixedValues(best, planOf(best)))
    best = yield* trying(best, set(best, fixed.path, fixed.value), fixed.what);
  for (const time of rounder(best)) best = yield* trying(best, set(best, time.path, time.value), time.what);
  for (const index of entriesOf(best, "faults").keys()) best = yield* least(best, ["faults", index, "for"], 100);
  return best;
}

function settingsOf(document: Document): string[][] {
  const systems = isTree(document.config) ? Object.entries(document.config) : [];
  return systems.flatMap(([system, settings]) => Object.keys(settings ?? {}).map((key) => ["config", system, key]));
}

function* trying(best: Document, document: Document, what: string): Reduction {
  if (JSON.stringify(document) === JSON.stringify(best)) return best;
  return (yield { document, what }) ? document : best;
}

function* without(best: Document, path: readonly (string | number)[]): Reduction {
  if (at(best, path) === undefined) return best;
  return yield* trying(best, set(best, path, undefined), `without ${nameOf(best, path)}`);
}

/** The smallest of the round numbers from `min` on with which it still fails, or what it is. A range becomes its lower end, if it can. */
function* least(best: Document, path: readonly (string | number)[], min: number): Reduction {
  const range = rangeOf(at(best, path));
  if (!range) return best;
  const to = (value: number): Proposal => {
    const text = written({ kind: range.kind, value });
    return { document: set(best, path, text), what: `${nameOf(best, path)}: ${text}` };
  };
  const values = [...roundNumbers(min, range.min), ...(range.min < range.max ? [range.min] : [])];
  const [first, ...rest] = values.map(to);
  if (!first) return best;
  if (yield first) return first.document;
  let found = best;
  for (let [low, high] = [0, rest.length]; low < high; ) {
    const middle = Math.floor((low + high) / 2);
    const proposal = rest[middle] as Proposal;
    if (yield proposal) [found, high] = [proposal.document, middle];
    else low = middle + 1;
  }
  return found;
}

/** As few entries of a list as it takes. What refers to one that is gone goes with it. */
function* fewestEntries(start: Document, key: string): Reduction {
  const entries = entriesOf(start, key);
  const only = (some: readonly string[]): Document =>
    closed(set(start, [key], some.length === 0 ? undefined : some.map((index) => entries[Number(index)])));
  const left = (document: Document): string[] => {
    const kept = entriesOf(document, key);
    return entries.flatMap((entry, index) => (kept.includes(entry) ? [String(index)] : []));
  };
  const all = [...entries.keys()].map(String);
  if (all.length === 0) return start;
  const steps = fewest(all, (some) => left(only(some)));
  let step = steps.next();
  while (!step.done) {
    const document = only(step.value);
    const names = entriesOf(document, key).map(entryName);
    const what = `${key}: ${names.length === 0 ? "none" : shortened(names)}`;
    step = steps.next(yield { document, what, rough: all.length > MANY });
  }
  return step.value.length === all.length ? start : only(step.value);
}

/** Without the faults and expectations that wait for a fault or a load that is not there. */
function closed(document: Document): Document {
  const ids = new Set(entriesOf(document, "faults").map(({ id }) => id));
  const loads = new Set(entriesOf(document, "load").map(({ name }) => name));
  const faults = entriesOf(document, "faults").filter(({ after, when }) => {
    return [after, at(when, ["pause"])].every((id) => id === undefined || ids.has(id));
  });
  const expectations = entriesOf(document, "expectations").filter(({ of, while: during, served }) => {
    return [of, during].every((id) => id === undefined || ids.has(id)) && (served === undefined || loads.has(served));
  });
  const changed = [
    ["faults", faults],
    ["expectations", expectations],
  ] as const;
  const next = changed.reduce<Document>((all, [key, list]) => {
    return list.length === entriesOf(all, key).length ? all : set(all, [key], list.length === 0 ? undefined : list);
  }, document);
  return next === document ? document : closed(next);
}

function nameOf(document: Document, [first, second, ...rest]: readonly (string | number)[]): string {
  if (typeof second !== "number") return [first, second, ...rest].filter((key) => key !== undefined).join(".");
  return [entryName(entriesOf(document, String(first))[second] ?? {}), ...rest].join(".");
}

function entryName({ id, name, fault, workload, tool }: Readonly<Record<string, unknown>>): string {
  return String(id ?? name ?? fault ?? workload ?? tool ?? "one");
}

const SHOWN = 8;

function shortened(names: readonly string[]): string {
  const shown = names.length <= SHOWN ? names : [...names.slice(0, SHOWN - 1), "…", names.at(-1)];
  return `${names.length} (${shown.join(", ")})`;
}
