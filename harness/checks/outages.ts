import type { EventOf } from "../journal/events.ts";
import type { RunRecord } from "../journal/record.ts";
import { allowedErrors, baselines, type Service, samplesIn, serviceOf } from "./service.ts";
import { phaseSpan, recoveryEnd, type Span } from "./span.ts";

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
  /** Stretches in which nothing was served, in run ms, exact to a second. */
  outages: Span[];
  /** All of them together, ms. */
  outageMs: number;
  longestMs: number;
  /** After recovery, by node. */
  atEnd: Service[];
}

/** What clients saw: how long they were not served, which errors they got, and how it was in the end. */
export function clientViews(record: RunRecord): ClientView[] {
  const from = phaseSpan(record, "warm-up")?.to ?? phaseSpan(record, "chaos")?.from ?? 0;
  const recovered = recoveryEnd(record);
  const before = baselines(record);
  const allow = allowedErrors(record);
  return [...samplesIn(record.of("load"), { from, to: record.end })].map(([load, samples]) => {
    const baseline = before.get(load) ?? null;
    const errors = new Map<string, number>();
    for (const sample of samples) {
      for (const [kind, count] of Object.entries(sample.errors)) errors.set(kind, (errors.get(kind) ?? 0) + count);
    }
    const sum = (key: "ok" | "fail" | "info"): number => samples.reduce((all, one) => all + one[key], 0);
    const [ok, failed, unknown] = [sum("ok"), sum("fail"), sum("info")];
    const outages = baseline === null || baseline.perSecond === 0 ? [] : outagesIn(samples);
    const lengths = outages.map((one) => one.to - one.from);
    const last = recovered === undefined ? [] : samples.filter(({ t }) => t > recovered);
    return {
      load,
      before: baseline?.perSecond ?? null,
      ok,
      failed,
      unknown,
      errors: [...errors]
        .map(([kind, count]) => ({ kind, count, share: count / Math.max(1, ok + failed + unknown) }))
        .sort((a, b) => b.count - a.count),
      outages,
      outageMs: lengths.reduce((all, one) => all + one, 0),
      longestMs: Math.max(0, ...lengths),
      atEnd: last.length === 0 ? [] : serviceOf(load, last, baseline, allow),
    };
  });
}

/** Seconds without a single operation that was served, neighbours joined. */
function outagesIn(samples: readonly EventOf<"load">[]): Span[] {
  const outages: Span[] = [];
  for (const { t, seconds, ok } of samples) {
    // The last sample of a load that stops may be of no time at all.
    if (ok > 0 || seconds < 0.1) continue;
    const from = t - seconds * 1000;
    const last = outages.at(-1);
    if (last && from - last.to < 100) last.to = t;
    else outages.push({ from, to: t });
  }
  return outages;
}
