import type { Span } from "../../base/span.ts";
import type { EventOf } from "../../journal/events.ts";
import { totalOutcomes } from "../../journal/outcomes.ts";
import type { RunRecord } from "../../journal/record.ts";
import { baselines, type Service, samplesIn, serviceOf, wholeSamples } from "./service.ts";
import { goalOf, type ServiceGoal, sourceOf } from "./service-goal.ts";

/** In so short a time a load may well get nothing done: its clients are due later. Operations to be expected. */
const FEW = 3;
/** A sample is of a second, or nearly. ms */
const SECOND_MS = 900;
/** A tool may be between two of its tests. ms */
const BETWEEN_TESTS_MS = 3_000;

/** What the clients of one load saw over the whole run. */
export interface ClientView {
  load: string;
  /** Operations per second in the warm-up; null: there was none. */
  before: number | null;
  /** Outcomes from the end of the warm-up on. */
  ok: number;
  failed: number;
  unknown: number;
  /** Error kinds with their share (0..1) of all operations, the most frequent first. */
  errors: { kind: string; count: number; share: number }[];
  /** Stretches of a second or more in which nothing was served, in run ms, exact to a second. */
  outages: Span[];
  /** All of them together, ms. */
  outageMs: number;
  longestMs: number;
  /** After recovery, by node. */
  atEnd: Service[];
}

/** What clients saw: how long they were not served, which errors they got, and how it was in the end. */
export function clientViews(record: RunRecord): ClientView[] {
  const from = record.view.phase("warm-up")?.to ?? record.view.phase("chaos")?.from ?? 0;
  const recovered = record.view.recoveryEnd;
  const before = baselines(record);
  const source = sourceOf(record);
  return [...samplesIn(record.of("load"), { from, to: record.end })].map(([load, samples]) => {
    const baseline = before.get(load) ?? null;
    const { ok, fail: failed, info: unknown, errors } = totalOutcomes(samples);
    const goal = goalOf(load, source);
    const outages = outagesIn(samples, baseline?.perSecond ?? 0, goal);
    const lengths = outages.map((one) => one.to - one.from);
    const last = recovered === undefined ? [] : wholeSamples(samples, { from: recovered, to: record.end });
    return {
      load,
      before: baseline?.perSecond ?? null,
      ok,
      failed,
      unknown,
      errors: Object.entries(errors)
        .map(([kind, count]) => ({ kind, count, share: count / Math.max(1, ok + failed + unknown) }))
        .sort((a, b) => b.count - a.count),
      outages,
      outageMs: lengths.reduce((all, one) => all + one, 0),
      longestMs: Math.max(0, ...lengths),
      atEnd: last.length === 0 ? [] : serviceOf(load, last, baseline, goal),
    };
  });
}

/** Seconds without a single operation that was served, neighbours joined, where operations were refused, lost or to be expected. */
function outagesIn(samples: readonly EventOf<"load">[], perSecond: number, { allow, isTool }: ServiceGoal): Span[] {
  // Of a load that was never served nobody can say when it was out.
  if (perSecond === 0) return [];
  const outages: (Span & { failed: number })[] = [];
  for (const { t, seconds, ok, fail, info, errors } of samples) {
    const allowed = allow.reduce((sum, kind) => sum + (Object.hasOwn(errors, kind) ? (errors[kind] ?? 0) : 0), 0);
    // The last sample of a load that stops may be of no time at all.
    if (ok + allowed > 0 || seconds < 0.1) continue;
    const from = t - seconds * 1000;
    const last = outages.at(-1);
    if (last && from - last.to < 100) Object.assign(last, { to: t, failed: last.failed + fail + info });
    else outages.push({ from, to: t, failed: fail + info });
  }
  return outages
    .filter(({ from, to, failed }) => {
      const ms = to - from;
      if (ms < SECOND_MS) return false;
      return failed > 0 || (isTool ? ms >= BETWEEN_TESTS_MS : (perSecond * ms) / 1000 >= FEW);
    })
    .map(({ from, to }) => ({ from, to }));
}
