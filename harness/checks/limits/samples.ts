import type { EventOf, JournalEvent, Outcomes } from "../../journal/events.ts";
import type { OwnLimit } from "../../journal/limits.ts";
import { belongsTo } from "../service/service-goal.ts";

/** A load, or a node, and of a load possibly one of its nodes. */
export interface Subject {
  load: string | null;
  node: string | null;
}

/** What was measured of one of them, in a stretch of run time; `from` is `to` where it was read at a moment. */
export interface Sample extends Subject {
  from: number;
  to: number;
  value: number;
}

/**
 * What the journal's events say of a limit's measure. Fed with them in order, live or afterwards. A second in which no operation ended
 * says nothing of how long operations take.
 */
export class Samples {
  readonly #limit: Pick<OwnLimit, "measure" | "load" | "node">;
  readonly #allow: readonly string[];
  /** Masters, replicas: nobody limits the control server or sentinels. */
  readonly #servers = new Set<string>();
  readonly #offsets = new Map<string, number>();
  /** Replicas that were linked with the master that they have now: its offset and theirs are of one history. */
  readonly #linked = new Set<string>();
  #replicaOf: Readonly<Record<string, string>> = {};

  /** @param allow error kinds that the experiment takes for service */
  constructor(limit: Pick<OwnLimit, "measure" | "load" | "node">, allow: readonly string[]) {
    this.#limit = limit;
    this.#allow = allow;
  }

  see(event: JournalEvent): Sample | null {
    const { measure } = this.#limit;
    if (event.type === "cluster") {
      for (const { name, role } of event.nodes) if (role === "master" || role === "replica") this.#servers.add(name);
    } else if (event.type === "topology") this.#topology(event);
    else if (event.type === "load" && measure.of === "load") return this.#load(event, measure.what);
    else if (event.type === "probe" && measure.of === "probe") return this.#probe(event, measure);
    else if (measure.of === "node") return this.#node(event, measure.what);
    return null;
  }

  #load(event: EventOf<"load">, what: (OwnLimit["measure"] & { of: "load" })["what"]): Sample | null {
    const { load, node } = this.#limit;
    if (load !== null && !belongsTo(event.load, load)) return null;
    const span = { load: event.load, node, from: event.t - event.seconds * 1000, to: event.t };
    if (what !== "ops" && what !== "errors") {
      return event.latency ? { ...span, value: event.latency[what] } : null;
    }
    const counts = node === null ? event : event.nodes?.[node];
    if (!counts || event.seconds <= 0) return null;
    const allowed = this.#allow.reduce((sum, kind) => sum + (errorsOf(counts, kind) ?? 0), 0);
    const ok = counts.ok + allowed;
    const all = counts.ok + counts.fail + counts.info;
    if (what === "ops") return { ...span, value: ok / event.seconds };
    return all === 0 ? null : { ...span, value: Math.max(0, all - ok) / all };
  }

  #probe(event: EventOf<"probe">, { kind, what }: OwnLimit["measure"] & { of: "probe" }): Sample | null {
    if (event.kind !== kind || !this.#isMeant(event.node)) return null;
    const answered = event.latency?.[what] ?? null;
    // A question without an answer will have taken at least so long.
    const value = Math.max(answered ?? 0, event.oldest);
    if (answered === null && event.oldest === 0) return null;
    return { load: null, node: event.node, from: event.t - event.seconds * 1000, to: event.t, value };
  }

  #node(event: JournalEvent, what: (OwnLimit["measure"] & { of: "node" })["what"]): Sample | null {
    if (event.type === "full-sync" && what === "full-syncs") {
      return event.step === "start" ? this.#at(event, 1) : null;
    }
    if (event.type === "process" && (what === "memory" || what === "memory-growth")) {
      return event.rssBytes === null ? null : this.#at(event, event.rssBytes);
    }
    if (event.type === "node-state" && what === "replication-lag") return this.#lag(event);
    return null;
  }

  #at({ t, node }: { t: number; node: string }, value: number): Sample | null {
    return this.#isMeant(node) ? { load: null, node, from: t, to: t, value } : null;
  }

  /**
   * At least so much: the master's offset is that of its last answer before the replica's. Only of a replica that this master was
   * seen to serve: offsets of two histories have nothing in common.
   */
  #lag(event: EventOf<"node-state">): Sample | null {
    const { node, state } = event;
    if (state.offset !== null) this.#offsets.set(node, state.offset);
    const master = this.#replicaOf[node];
    const ahead = master === undefined ? undefined : this.#offsets.get(master);
    if (state.role !== "replica" || state.offset === null || ahead === undefined || state.syncing || state.loading) {
      if (state.role !== "replica") this.#linked.delete(node);
      return null;
    }
    if (state.link === "up") this.#linked.add(node);
    return this.#linked.has(node) ? this.#at(event, Math.max(0, ahead - state.offset)) : null;
  }

  #topology({ masters, replicaOf }: EventOf<"topology">): void {
    for (const node of [...this.#linked]) if (replicaOf[node] !== this.#replicaOf[node]) this.#linked.delete(node);
    for (const master of masters) this.#linked.delete(master);
    this.#replicaOf = replicaOf;
  }

  #isMeant(node: string): boolean {
    return this.#servers.has(node) && (this.#limit.node === null || this.#limit.node === node);
  }
}

function errorsOf({ errors }: Outcomes, kind: string): number | undefined {
  return Object.hasOwn(errors, kind) ? errors[kind] : undefined;
}
