import type { EventOf, Outcomes } from "../journal/events.ts";
import type { RunRecord } from "../journal/record.ts";
import { phaseSpan, planList, type Span } from "./span.ts";

/*
 *   warm-up            chaos … heal … recovery │ then, until the load stops
 *   ok/s, errors  ───────── against ──────────►│ served | partly-refused | refused | silent | slow
 */

type Sample = EventOf<"load">;

/** How a load's clients are served by one node, or by all of them together. */
export interface Service {
  load: string;
  /** null: no operation ended on any node. */
  node: string | null;
  state: "served" | "partly-refused" | "refused" | "silent" | "slow";
  /** In the stretch that was looked at; errors that the experiment allows are left out. */
  ok: number;
  /** Error replies, and connections that were refused. */
  refused: number;
  /** Operations of which nobody knows what became of them. */
  unknown: number;
  errors: Readonly<Record<string, number>>;
  seconds: number;
  /** Operations per second in the warm-up; null: there was none. */
  before: number | null;
}

/** So many errors more, of all operations, than in the warm-up are too many. */
const TOLERATED = 0.05;
/** A load that gets less than this share of its warm-up's operations done is not served. */
const SLOW_SHARE = 0.1;
/** Fewer operations than this were to be expected: nothing can be said of a rate. */
const FEW = 10;

/** What a load did in the warm-up. */
interface Baseline {
  perSecond: number;
  errorShare: number;
}

export function baselineOf(samples: readonly Sample[]): Baseline | null {
  const seconds = samples.reduce((sum, one) => sum + one.seconds, 0);
  const ok = samples.reduce((sum, one) => sum + one.ok, 0);
  const fail = samples.reduce((sum, one) => sum + one.fail, 0);
  if (seconds === 0) return null;
  return { perSecond: ok / seconds, errorShare: ok + fail === 0 ? 0 : fail / (ok + fail) };
}

/**
 * How one load is served in a stretch of time, by every node that it had to do with.
 * @param samples of that load in that stretch @param allow error kinds that the experiment takes for service
 */
export function serviceOf(
  load: string,
  samples: readonly Sample[],
  baseline: Baseline | null,
  allow: readonly string[],
): Service[] {
  const seconds = samples.reduce((sum, one) => sum + one.seconds, 0);
  const all = samples.reduce((sum, one) => add(sum, one), NONE);
  const nodes = new Map<string, Outcomes>();
  for (const sample of samples) {
    for (const [node, counts] of Object.entries(sample.nodes ?? {}))
      nodes.set(node, add(nodes.get(node) ?? NONE, counts));
  }
  const whole = judge(load, null, all, seconds, baseline, allow);
  if (nodes.size === 0) return [whole];
  const each = [...nodes].map(([node, counts]) => judge(load, node, counts, seconds, baseline, allow));
  // How fast it is, only all nodes together tell: its clients may be spread over others than before.
  return whole.state === "slow" ? [...each.filter(({ state }) => state !== "served"), whole] : each;
}

const NONE: Outcomes = { ok: 0, fail: 0, info: 0, errors: {} };

function add(a: Outcomes, b: Outcomes): Outcomes {
  const errors: Record<string, number> = { ...a.errors };
  for (const [kind, count] of Object.entries(b.errors)) errors[kind] = (errors[kind] ?? 0) + count;
  return { ok: a.ok + b.ok, fail: a.fail + b.fail, info: a.info + b.info, errors };
}

function judge(
  load: string,
  node: string | null,
  counts: Outcomes,
  seconds: number,
  baseline: Baseline | null,
  allow: readonly string[],
): Service {
  const errors = Object.fromEntries(Object.entries(counts.errors).filter(([kind]) => !allow.includes(kind)));
  const allowed = Object.entries(counts.errors).reduce((sum, [kind, n]) => (allow.includes(kind) ? sum + n : sum), 0);
  const refused = Math.max(0, counts.fail - allowed);
  const told = { load, node, ok: counts.ok, refused, unknown: counts.info, errors, seconds };
  const answer = (state: Service["state"]): Service => ({ ...told, state, before: baseline?.perSecond ?? null });
  const ok = counts.ok + allowed;
  if (ok === 0 && refused > 0) return answer("refused");
  const expected = (baseline?.perSecond ?? 0) * seconds;
  if (ok === 0 && (counts.info > 0 || (node === null && expected >= FEW))) return answer("silent");
  const share = refused / Math.max(1, ok + refused);
  if (refused > 0 && share > TOLERATED + (baseline?.errorShare ?? 0)) return answer("partly-refused");
  if (node === null && expected >= FEW && ok < expected * SLOW_SHARE) return answer("slow");
  return answer("served");
}

/** The loads' samples in a stretch, by load. */
export function samplesIn(samples: readonly Sample[], { from, to }: Span): Map<string, Sample[]> {
  const loads = new Map<string, Sample[]>();
  for (const sample of samples) {
    if (sample.t <= from || sample.t > to) continue;
    const own = loads.get(sample.load);
    if (own) own.push(sample);
    else loads.set(sample.load, [sample]);
  }
  return loads;
}

/** Every load's baseline: what it did in the warm-up. A sample tells of the time before it, and the first one of connecting. */
export function baselines(record: RunRecord): Map<string, Baseline | null> {
  const warmUp = phaseSpan(record, "warm-up");
  const loads = new Set(record.of("load").map(({ load }) => load));
  const during = warmUp ? samplesIn(record.of("load"), warmUp) : new Map<string, Sample[]>();
  return new Map([...loads].map((load) => [load, baselineOf(during.get(load) ?? [])]));
}

/** Error kinds that the experiment takes for service. */
export function allowedErrors(record: RunRecord): string[] {
  return planList(record, "allow");
}

/** "100 % of 204 operations refused (NOREPLICAS)", for people. */
export function serviceText({ state, ok, refused, unknown, errors, seconds, before }: Service): string {
  const all = ok + refused + unknown;
  const kinds = Object.entries(errors)
    .sort(([, a], [, b]) => b - a)
    .map(([kind]) => kind)
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
      return unknown > 0 ? `${share(unknown)} without answer (${kinds})` : "no operation ended";
    case "slow":
      return `${(ok / Math.max(0.001, seconds)).toFixed(0)} operations per second, ${(before ?? 0).toFixed(0)} in the warm-up`;
  }
}
