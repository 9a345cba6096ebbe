import { countEach } from "../../base/count-each.ts";
import { groupBy } from "../../base/group-by.ts";
import type { EventOf, Latency } from "../../journal/events.ts";
import type { NodeReport, ProbeKind } from "../observation.ts";

/** A connection is listed as silent when its question is older than this. ms */
const SILENT_AFTER = 1000;

type ProbeFigures = Omit<EventOf<"probe">, "t" | "type" | "node" | "seconds">;

/** Adds up the reports of one node into the journal's `probe` figures, one per kind that was used. */
export class ProbeSeconds {
  #reports: NodeReport[] = [];
  #connections: NodeReport["connections"] = [];
  #t = 0;

  add(report: NodeReport, t: number): void {
    this.#reports.push(report);
    this.#connections = report.connections;
    this.#t = t;
  }

  /** The figures since the last call. Kinds that asked nothing and wait for nothing are left out. */
  take(): ProbeFigures[] {
    const answers = groupBy(
      this.#reports.flatMap((report) => report.answers),
      ({ kind }) => kind,
    );
    const sent = countEach(this.#reports.flatMap((report) => report.sent));
    const lost = countEach(this.#reports.flatMap(({ losses }) => losses.map(({ kind }) => kind)));
    const open = groupBy(
      this.#connections.filter(({ askedAt }) => askedAt !== null),
      ({ kind }) => kind,
    );
    this.#reports = [];
    const used = new Set<ProbeKind>([...sent.keys(), ...answers.keys(), ...lost.keys(), ...open.keys()]);
    return [...used].map((kind) => {
      const answered = answers.get(kind) ?? [];
      const ages = (open.get(kind) ?? []).map(({ number, askedAt }) => ({ number, age: this.#t - (askedAt ?? 0) }));
      return {
        kind,
        sent: sent.get(kind) ?? 0,
        answered: answered.length,
        lost: lost.get(kind) ?? 0,
        latency: latencyOf(answered.map(({ askedAt, answeredAt }) => answeredAt - askedAt)),
        oldest: Math.max(0, ...ages.map(({ age }) => age)),
        silent: ages.filter(({ age }) => age > SILENT_AFTER).map(({ number }) => number),
        replies: Object.fromEntries(countEach(answered.flatMap(({ error }) => error ?? []))),
      };
    });
  }
}

function latencyOf(took: number[]): Latency | null {
  if (took.length === 0) return null;
  const sorted = took.sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) };
}
