import { addTo } from "../../base/group-by.ts";
import type { EventOf, JournalEvent } from "../../journal/events.ts";

/*
 *   start ─► done | failed | ended | start: it was given up without a word
 *   ├─ a fault that can break it off was in place meanwhile: whatever became of it is ours
 *   └─ linked: INFO said so at some time before the next one began
 */

/** One full sync of a replica. Run ms. */
export interface FullSync {
  from: number;
  /** null: still under way. */
  to: number | null;
  /** "given-up": the next one began before this one had an end. */
  outcome: "open" | "done" | "failed" | "ended" | "given-up";
  /** The fault, or the server's end, that may have broken it off; null: nothing of ours, and nobody ended. */
  broken: string | null;
  /** When the replica was first seen linked after it began, in step and not copying; null: not before the next one, or the end. */
  linked: number | null;
}

/** Faults that make a full sync slow, and break nothing off. Of all others one cannot know. */
const SLOWING: readonly string[] = [
  ...["bandwidth", "latency", "slow-reader", "cpu-limit", "memory-limit", "slow-disk", "clock-skew"],
  ...["connection-storm", "half-written-command", "blocked-clients"],
];

/** So many full syncs in a row without being linked are a loop. */
const LOOP = 3;

/** Follows the full syncs of every replica from the beginning of chaos on: fed with the journal's events, live or afterwards. */
export class FullSyncLog {
  readonly #syncs = new Map<string, FullSync[]>();
  /** Faults in place, and what they touch. */
  readonly #faults = new Map<string, readonly string[]>();
  #replicaOf: Readonly<Record<string, string>> = {};
  #counts = false;

  see(event: JournalEvent): void {
    if (event.type === "phase" && event.phase === "chaos" && event.step === "begin") this.#counts = true;
    else if (event.type === "phase" && event.phase === "teardown") this.#counts = false;
    else if (event.type === "topology") this.#topology(event);
    else if (event.type === "fault") this.#fault(event);
    else if (event.type === "container" && event.action === "die")
      this.#touch([event.node], `the end of ${event.node}`);
    else if (event.type === "full-sync") this.#step(event);
    else if (event.type === "node-state") this.#state(event);
  }

  get nodes(): string[] {
    return [...this.#syncs.keys()];
  }

  of(node: string): readonly FullSync[] {
    return this.#syncs.get(node) ?? [];
  }

  /** Those that failed, or were given up, and that nothing of ours can have broken off. */
  failed(node: string): FullSync[] {
    return this.of(node).filter(
      ({ outcome, broken }) => broken === null && (outcome === "failed" || outcome === "given-up"),
    );
  }

  /** The longest row of full syncs without being linked that nothing of ours explains; []: none is long enough to be a loop. */
  loop(node: string): FullSync[] {
    let [row, longest]: [FullSync[], FullSync[]] = [[], []];
    for (const sync of this.of(node)) {
      const before = row.at(-1);
      const goesOn = before !== undefined && before.linked === null && before.broken === null;
      row = goesOn ? [...row, sync] : [sync];
      if (row.length > longest.length) longest = row;
    }
    return longest.length >= LOOP ? longest : [];
  }

  #step({ node, step, t }: EventOf<"full-sync">): void {
    if (!this.#counts) return;
    const last = this.of(node).at(-1);
    if (step === "start") {
      if (last?.to === null) Object.assign(last, { to: t, outcome: "given-up" });
      const by = [...this.#faults].find(([, targets]) => this.#reaches(targets, node));
      addTo(this.#syncs, node, { from: t, to: null, outcome: "open", broken: by?.[0] ?? null, linked: null });
    } else if (last?.to === null && (step === "done" || step === "failed" || step === "ended")) {
      Object.assign(last, { to: t, outcome: step });
    }
  }

  #state({ node, t, state }: EventOf<"node-state">): void {
    const last = this.of(node).at(-1);
    const linked = state.role === "replica" && state.link === "up" && !state.syncing && !state.loading;
    // Its log may still have to tell the end; what INFO says is as it is.
    if (last && linked) last.linked ??= t;
  }

  #fault({ id, fault, step, targets }: EventOf<"fault">): void {
    if (SLOWING.includes(fault)) return;
    const all = targets.length > 0 ? targets : (this.#faults.get(id) ?? []);
    if (step === "inject" || step === "injected") this.#faults.set(id, all);
    this.#touch(all, id);
    if (step === "healed" || step === "inject-failed" || step === "not-fired") this.#faults.delete(id);
  }

  #topology({ replicaOf, reason }: EventOf<"topology">): void {
    const moved = [...this.#syncs.keys()].filter((node) => replicaOf[node] !== this.#replicaOf[node]);
    this.#replicaOf = replicaOf;
    this.#touch(moved, reason);
  }

  /** What is under way may be broken off by it, and what has just failed may have been. */
  #touch(targets: readonly string[], by: string): void {
    for (const [node, all] of this.#syncs) {
      const last = all.at(-1);
      if (last && last.linked === null && this.#reaches(targets, node)) last.broken ??= by;
    }
  }

  /** The node, its master, or the links between them. */
  #reaches(targets: readonly string[], node: string): boolean {
    const master = this.#replicaOf[node];
    if (targets.includes(node)) return true;
    if (master === undefined) return false;
    return [master, `${node} -> ${master}`, `${master} -> ${node}`].some((one) => targets.includes(one));
  }
}
