import type { EventOf, Latency } from "../../journal/events.ts";
import type { NodeReport, ProbeKind } from "../observation.ts";

/** A connection is listed as silent when its question is older than this. ms */
const SILENT_AFTER = 1000;

type ProbeFigures = Omit<EventOf<"probe">, "t" | "type" | "node" | "kind" | "seconds">;

interface Counts {
  sent: number;
  answered: number;
  lost: number;
  took: number[];
  replies: Map<string, number>;
}

/** Adds up the reports of one node into the journal's `probe` figures, one per kind that was used. */
export class ProbeSeconds {
  #counts = new Map<ProbeKind, Counts>();
  #last: { report: NodeReport; t: number } | null = null;

  add(report: NodeReport, t: number): void {
    this.#last = { report, t };
    for (const [kind, sent] of Object.entries(report.sent)) this.#of(kind as ProbeKind).sent += sent;
    for (const { kind, askedAt, answeredAt, error } of report.answers) {
      const counts = this.#of(kind);
      counts.answered++;
      counts.took.push(answeredAt - askedAt);
      if (error !== null) counts.replies.set(error, (counts.replies.get(error) ?? 0) + 1);
    }
    for (const { kind } of report.losses) this.#of(kind).lost++;
  }

  /** The figures since the last call. Kinds that asked nothing and wait for nothing are left out. */
  take(): Map<ProbeKind, ProbeFigures> {
    const figures = new Map<ProbeKind, ProbeFigures>();
    const last = this.#last;
    for (const { kind, askedAt } of last?.report.connections ?? []) if (askedAt !== null) this.#of(kind);
    for (const [kind, { sent, answered, lost, took, replies }] of this.#counts) {
      const open = (last?.report.connections ?? []).filter((view) => view.kind === kind && view.askedAt !== null);
      const ages = open.map(({ number, askedAt }) => ({ number, age: (last?.t ?? 0) - (askedAt ?? 0) }));
      figures.set(kind, {
        sent,
        answered,
        lost,
        latency: latencyOf(took),
        oldest: Math.max(0, ...ages.map(({ age }) => age)),
        silent: ages.filter(({ age }) => age > SILENT_AFTER).map(({ number }) => number),
        replies: Object.fromEntries(replies),
      });
    }
    this.#counts = new Map();
    return figures;
  }

  #of(kind: ProbeKind): Counts {
    let counts = this.#counts.get(kind);
    if (!counts) {
      counts = { sent: 0, answered: 0, lost: 0, took: [], replies: new Map() };
      this.#counts.set(kind, counts);
    }
    return counts;
  }
}

function latencyOf(took: number[]): Latency | null {
  if (took.length === 0) return null;
  const sorted = took.sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) };
}
