import { groupBy } from "../../base/group-by.ts";
import type { Span } from "../../base/span.ts";
import type { EventOf, Outcomes } from "../../journal/events.ts";
import { addOutcomes, NO_OUTCOMES, totalOutcomes } from "../../journal/outcomes.ts";
import type { RunRecord } from "../../journal/record.ts";
import type { ServiceGoal } from "./service-goal.ts";

/*
 *   warm-up            chaos … heal … recovery │ then, until the load stops
 *   ok/s, errors  ───────── against ──────────►│ served | partly-refused | refused | silent | slow | as-before
 */

type Sample = EventOf<"load">;

/** How a load's clients are served by one node, or by all of them together. */
export interface Service {
  load: string;
  /** null: all of them, or nobody knows which. */
  node: string | null;
  /** "as-before": nothing is served, and nothing was in the warm-up. */
  state: "served" | "partly-refused" | "refused" | "silent" | "slow" | "as-before";
  /** In the stretch that was looked at; errors that the experiment allows are left out. */
  ok: number;
  /** Error replies, and connections that were refused. */
  refused: number;
  /** Operations of which nobody knows what became of them. */
  unknown: number;
  /** Of the open loop: there was no connection to send them on. */
  notSent: number;
  errors: Readonly<Record<string, number>>;
  seconds: number;
  /** Operations per second in the warm-up; null: there was none. */
  before: number | null;
}

/** So many errors more, of all operations, than in the warm-up are too many; not fewer than MANY. */
export const TOLERATED = 0.05;
const MANY = 5;
/**
 * A load that gets less than this share of its warm-up's operations done is not served. It is small: each operation passes through
 * four programs, and on a machine that has got busy since the warm-up each of them waits for its turn.
 */
const SLOW_SHARE = 0.01;
const SLOW_OF = 500;
/** Fewer operations than this were to be expected: nothing can be said of a rate. */
const FEW = 10;
/** Errors of operations of which nobody knows what became of them. */
const UNKNOWN_KINDS: readonly string[] = ["timeout", "connection-lost"];
const NOT_SENT = "not-sent";

/** What a load did in the warm-up. */
interface Baseline extends Before {
  nodes: ReadonlyMap<string, Before>;
}

interface Before {
  perSecond: number;
  errorShare: number;
  ok: number;
  failed: number;
}

/** null: nothing was seen of it. @param allow error kinds that the experiment takes for service */
export function baselineOf(samples: readonly Sample[], allow: readonly string[] = []): Baseline | null {
  const seconds = samples.reduce((sum, one) => sum + one.seconds, 0);
  if (seconds === 0) return null;
  const all = totalOutcomes(samples);
  const nodes = [...byNode(samples)].map(([node, counts]) => [node, before(counts, seconds, allow)] as const);
  return { ...before(all, seconds, allow), nodes: new Map(nodes) };
}

function before(counts: Outcomes, seconds: number, allow: readonly string[]): Before {
  const allowed = sumOf(counts.errors, (kind) => allow.includes(kind));
  const ok = counts.ok + allowed;
  const failed = sumOf(counts.errors, (kind) => isRefusal(kind) && !allow.includes(kind));
  return { perSecond: ok / seconds, errorShare: ok + failed === 0 ? 0 : failed / (ok + failed), ok, failed };
}

/**
 * How one load is served in a stretch of time, by every node that it is meant for. Nodes that the experiment took away for good, and
 * those that the load has left, are left out; [] when nobody remains.
 * @param samples of that load in that stretch
 */
export function serviceOf(
  load: string,
  samples: readonly Sample[],
  baseline: Baseline | null,
  goal: ServiceGoal,
): Service[] {
  const { targets, steady } = goal;
  if (targets?.length === 0) return [];
  const seconds = samples.reduce((sum, one) => sum + one.seconds, 0);
  const all = totalOutcomes(samples);
  const nodes = byNode(samples);
  // What an old master still owed its clients says nothing of the new one.
  const others = [...nodes].filter(([node]) => targets !== null && !targets.includes(node));
  for (const [node] of others) nodes.delete(node);
  const rest = others.reduce((sum, [, counts]) => less(sum, counts), all);
  const whole = judge(load, null, rest, seconds, baseline, goal);
  const known = samples.some((one) => one.nodes !== undefined);
  const silent = !known || !steady ? [] : [...(baseline?.nodes.keys() ?? [])].filter((node) => targets?.includes(node));
  for (const node of silent) if (!nodes.has(node)) nodes.set(node, NO_OUTCOMES);
  if (nodes.size === 0) return [whole];
  const each = [...nodes].map(([node, counts]) => judge(load, node, counts, seconds, baseline, goal));
  // How fast it is, and that nothing ends, only all nodes together tell: its clients may be spread over others than before.
  const asOne = whole.state === "slow" || whole.state === "silent";
  return asOne && !each.some(isBad) ? [...each, whole] : each;
}

/** Its clients are not served as they were. */
export function isBad({ state }: Service): boolean {
  return state !== "served" && state !== "as-before";
}

function byNode(samples: readonly Sample[]): Map<string, Outcomes> {
  const nodes = new Map<string, Outcomes>();
  for (const sample of samples) {
    for (const [node, counts] of Object.entries(sample.nodes ?? {}))
      nodes.set(node, addOutcomes(nodes.get(node) ?? NO_OUTCOMES, counts));
  }
  return nodes;
}

function less(a: Outcomes, b: Outcomes): Outcomes {
  const errors = Object.entries(a.errors).map(
    ([kind, count]) => [kind, count - (Object.hasOwn(b.errors, kind) ? (b.errors[kind] ?? 0) : 0)] as const,
  );
  const left = Object.fromEntries(errors.filter(([, count]) => count > 0));
  return { ok: a.ok - b.ok, fail: a.fail - b.fail, info: a.info - b.info, errors: left };
}

function sumOf(errors: Readonly<Record<string, number>>, wanted: (kind: string) => boolean): number {
  return Object.entries(errors).reduce((sum, [kind, count]) => (wanted(kind) ? sum + count : sum), 0);
}

/** A server, or nobody at its address, said no. A tool that only says that it has ended tells of neither. */
function isRefusal(kind: string): boolean {
  return kind !== NOT_SENT && !UNKNOWN_KINDS.includes(kind) && !/^exit-\d+$/.test(kind);
}

function judge(
  load: string,
  node: string | null,
  counts: Outcomes,
  seconds: number,
  baseline: Baseline | null,
  { allow, isRightful, steady }: ServiceGoal,
): Service {
  const passes = (kind: string): boolean => allow.includes(kind) || isRightful(node, kind);
  const errors = Object.fromEntries(Object.entries(counts.errors).filter(([kind]) => !passes(kind)));
  const ok = counts.ok + sumOf(counts.errors, passes);
  const refused = sumOf(errors, isRefusal);
  const unknown = sumOf(errors, (kind) => UNKNOWN_KINDS.includes(kind));
  const notSent = errors[NOT_SENT] ?? 0;
  const told = { load, node, ok: counts.ok, refused, unknown, notSent, errors, seconds };
  const answer = (state: Service["state"]): Service => ({ ...told, state, before: baseline?.perSecond ?? null });
  // A node that had none of the load then is measured against all that had.
  const own = node === null ? baseline : baseline?.nodes.get(node);
  const then = own ?? baseline;
  const isSame = node === null || (steady && own !== undefined);
  const expected = isSame && own ? own.perSecond * seconds : 0;
  if (ok === 0 && (refused > 0 || unknown > 0 || notSent > 0 || expected >= FEW)) {
    if (then && then.ok === 0 && then.failed > 0) return answer("as-before");
    return answer(refused > 0 ? "refused" : "silent");
  }
  const share = refused / Math.max(1, ok + refused);
  if (refused >= MANY && share > TOLERATED + (then?.errorShare ?? 0)) return answer("partly-refused");
  if (node === null && expected >= SLOW_OF && ok < expected * SLOW_SHARE) return answer("slow");
  return answer("served");
}

/** A load's samples that lie wholly in a stretch: each tells of the time before it. */
export function wholeSamples(samples: readonly Sample[], { from, to }: Span): Sample[] {
  // Rounding: a sample begins where the one before it ended.
  return samples.filter(({ t, seconds }) => t - seconds * 1000 >= from - 1 && t <= to);
}

/** The loads' samples in a stretch, by load. */
export function samplesIn(samples: readonly Sample[], { from, to }: Span): Map<string, Sample[]> {
  const inside = samples.filter(({ t }) => t > from && t <= to);
  return groupBy(inside, ({ load }) => load);
}

/** Every load's baseline: what it did in the warm-up. A sample tells of the time before it, and the first one of connecting. */
export function baselines(record: RunRecord): Map<string, Baseline | null> {
  const warmUp = record.view.phase("warm-up");
  const loads = new Set(record.of("load").map(({ load }) => load));
  const during = warmUp ? samplesIn(record.of("load"), warmUp) : new Map<string, Sample[]>();
  const allow = record.plan?.experiment.allow ?? [];
  return new Map([...loads].map((load) => [load, baselineOf(during.get(load) ?? [], allow)]));
}

/** "100 % of 204 operations refused (NOREPLICAS)", for people. */
export function serviceText({ state, ok, refused, unknown, notSent, errors, seconds, before }: Service): string {
  const all = ok + refused + unknown;
  const kinds = Object.entries(errors)
    .sort(([, a], [, b]) => b - a)
    .map(([kind]) => kind.slice(0, 60))
    .slice(0, 4)
    .join(", ");
  const share = (part: number): string => `${Math.round((part / Math.max(1, all)) * 100)} % of ${all} operations`;
  switch (state) {
    case "served":
      return `${ok} operations served`;
    case "refused":
    case "partly-refused":
      return `${share(refused)} refused (${kinds})`;
    case "silent":
      if (unknown > 0) return `${share(unknown)} without answer (${kinds})`;
      return notSent > 0 ? `none of ${notSent} operations could be sent` : "no operation ended";
    case "slow":
      return `${(ok / Math.max(0.001, seconds)).toFixed(0)} operations per second, ${(before ?? 0).toFixed(0)} in the warm-up`;
    case "as-before":
      return `no operation served, as in the warm-up (${kinds || "none ended"})`;
  }
}
