import type { EventOf, JournalEvent, Latency, LatencySpread, Outcomes } from "./events.ts";
import { addErrors, addOutcomes, NO_OUTCOMES } from "./outcomes.ts";

/*
 *   load, probe, process, node-state, self, …: one event per series and second, for ever
 *
 *   series ─► ▮▮▮▮▮▮▮▮ full? ─► neighbours become one ─► ▮▮▮▮ ─► … full? ─► …
 *
 * Totals stay exact and peaks stay peaks; only the moments between two samples get lost. The latest ones stay as they are.
 */

/** Events of one series in memory; a run of half an hour stays whole. */
const MOST = 2000;
/** At the end of a series nothing is merged: final states are judged there. */
const TAIL = 200;

/** A series of samples that merges neighbours when it grows too long. */
class Series {
  readonly events: JournalEvent[] = [];
  #most = MOST;

  add(event: JournalEvent): void {
    this.events.push(event);
    if (this.events.length >= this.#most) this.#thin();
  }

  #thin(): void {
    const { events } = this;
    const tail = events.length - TAIL;
    let kept = 0;
    for (let i = 0; i < events.length; i++) {
      const one = events[i] as JournalEvent;
      const next = i + 1 < tail ? events[i + 1] : undefined;
      const both = next && merged(one, next);
      if (both) i++;
      events[kept++] = both ?? one;
    }
    events.length = kept;
    // What differs too much to be merged must not be tried again with every event.
    if (kept > this.#most * 0.75) this.#most *= 2;
  }
}

/** Gathers events in memory, dense series thinned. */
export class EventStore {
  readonly #series = new Map<string, Series>();
  readonly #sparse: JournalEvent[] = [];

  add(event: JournalEvent): void {
    const key = seriesOf(event);
    if (key === null) {
      this.#sparse.push(event);
      return;
    }
    const series = this.#series.get(key) ?? new Series();
    this.#series.set(key, series);
    series.add(event);
  }

  /** Everything that was kept, in order of time. */
  events(): JournalEvent[] {
    const all = [this.#sparse, ...[...this.#series.values()].map((series) => series.events)].flat();
    return all.sort((a, b) => a.t - b.t);
  }
}

function seriesOf(event: JournalEvent): string | null {
  switch (event.type) {
    case "load":
      return `load ${event.load}`;
    case "probe":
      return `probe ${event.kind} ${event.node}`;
    case "process":
    case "node-state":
    case "full-sync":
      return `${event.type} ${event.node}`;
    case "self":
      return "self";
    default:
      return null;
  }
}

/** Two neighbours of a series as one event at the time of the later, or null when a difference between them matters. */
function merged(a: JournalEvent, b: JournalEvent): JournalEvent | null {
  if (a.type === "load" && b.type === "load") return mergedLoad(a, b);
  if (a.type === "probe" && b.type === "probe") return mergedProbe(a, b);
  if (a.type === "self" && b.type === "self") return mergedSelf(a, b);
  if (a.type === "process" && b.type === "process") {
    if (a.alive !== b.alive || a.pid !== b.pid) return null;
    return { ...b, rssBytes: most(a.rssBytes, b.rssBytes) };
  }
  if (a.type === "node-state" && b.type === "node-state") return sameRole(a, b) ? b : null;
  if (a.type === "full-sync" && b.type === "full-sync")
    return a.step === "progress" && b.step === "progress" && a.total === b.total ? b : null;
  return null;
}

function mergedLoad(a: EventOf<"load">, b: EventOf<"load">): EventOf<"load"> {
  return {
    ...b,
    ...addOutcomes(a, b),
    seconds: a.seconds + b.seconds,
    latency: mergedLatency(a.latency, b.latency),
    ...(a.spread || b.spread ? { spread: mergedSpread(a.spread, b.spread) } : {}),
    connected: Math.min(a.connected, b.connected),
    ...(a.nodes && b.nodes ? { nodes: mergedNodes(a.nodes, b.nodes) } : {}),
    ...(a.redirects || b.redirects ? { redirects: addErrors(a.redirects ?? {}, b.redirects ?? {}) } : {}),
  };
}

function mergedSpread(a: LatencySpread | undefined, b: LatencySpread | undefined): LatencySpread | undefined {
  if (!a || !b) return a ?? b;
  return { counts: a.counts.map((count, i) => count + (b.counts[i] ?? 0)), sumMs: a.sumMs + b.sumMs };
}

function mergedNodes(a: Readonly<Record<string, Outcomes>>, b: Readonly<Record<string, Outcomes>>) {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return Object.fromEntries(names.map((node) => [node, addOutcomes(a[node] ?? NO_OUTCOMES, b[node] ?? NO_OUTCOMES)]));
}

function mergedProbe(a: EventOf<"probe">, b: EventOf<"probe">): EventOf<"probe"> {
  return {
    ...b,
    seconds: a.seconds + b.seconds,
    sent: a.sent + b.sent,
    answered: a.answered + b.answered,
    lost: a.lost + b.lost,
    latency: mergedLatency(a.latency, b.latency),
    oldest: Math.max(a.oldest, b.oldest),
    silent: [...new Set([...a.silent, ...b.silent])],
    replies: addErrors(a.replies, b.replies),
  };
}

function mergedSelf(a: EventOf<"self">, b: EventOf<"self">): EventOf<"self"> | null {
  // A starved second is judged by its own moment.
  if (a.starved || b.starved) return null;
  return {
    ...b,
    seconds: (a.seconds ?? 1) + (b.seconds ?? 1),
    mainDelay: Math.max(a.mainDelay, b.mainDelay),
    probeDelay: Math.max(a.probeDelay, b.probeDelay),
    cpuPressure: most(a.cpuPressure, b.cpuPressure),
    memoryPressure: most(a.memoryPressure, b.memoryPressure),
    ioPressure: most(a.ioPressure, b.ioPressure),
    controlMax: most(a.controlMax, b.controlMax),
    controlOldest: Math.max(a.controlOldest, b.controlOldest),
    ...(a.others !== undefined && b.others !== undefined && { others: Math.max(a.others, b.others) }),
  };
}

function sameRole({ state: a }: EventOf<"node-state">, { state: b }: EventOf<"node-state">): boolean {
  return (
    a.role === b.role &&
    a.link === b.link &&
    a.masterHost === b.masterHost &&
    a.masterPort === b.masterPort &&
    a.syncing === b.syncing &&
    a.loading === b.loading &&
    (a.offset === null) === (b.offset === null) &&
    a.version === b.version
  );
}

/** Medians are averaged by their counts; upper percentiles keep the worse one. */
function mergedLatency(a: Latency | null, b: Latency | null): Latency | null {
  if (!a || !b) return a ?? b;
  const count = a.count + b.count;
  const p50 = count === 0 ? b.p50 : (a.p50 * a.count + b.p50 * b.count) / count;
  return { count, p50, p99: Math.max(a.p99, b.p99), max: Math.max(a.max, b.max) };
}

function most(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}
