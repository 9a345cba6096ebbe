import type { CleanupScope } from "../../base/scope.ts";
import type { MadeServers } from "../../cluster/follow-servers.ts";
import type { Snapshot } from "./prove-clean.ts";

/** So many runs share a cluster at most: what no proof sees does not add up for ever. */
const MOST_RUNS = 12;

/** What the cluster of a run holds on the engine. */
export interface Held {
  resources: CleanupScope;
  /** The run that made it: its id is on everything of the cluster, and of the runs that use it again. */
  runId: string;
}

/** A cluster that a run has left. */
export interface Kept extends Held {
  made: MadeServers;
  /** As its servers were when they were new. */
  snapshot: Snapshot;
  /** Runs that it has served. */
  runs: number;
}

/**
 * The cluster that a run leaves to the next one of its process. Only what is made the same way is used again, and only after it was proven
 * clean (prove-clean.ts); everything else gets a cluster of its own.
 */
export class WarmCluster {
  #kept: (Kept & { key: string }) | null = null;
  readonly #closing = new Set<Promise<unknown>>();

  /** What is kept for a run that needs this; anything else is removed. @param key see cluster-key.ts; null: a cluster of its own */
  take(key: string | null): Kept | null {
    const kept = this.#kept;
    this.#kept = null;
    if (kept === null) return null;
    if (kept.key === key && kept.runs < MOST_RUNS) return kept;
    this.remove(kept);
    return null;
  }

  keep(key: string, kept: Kept): void {
    this.#kept = { ...kept, key };
  }

  get keeps(): boolean {
    return this.#kept !== null;
  }

  /** In the background: `close` waits for it. */
  remove({ resources }: Held): void {
    const closing = resources.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  /** Removes what is kept. */
  async close(): Promise<void> {
    this.take(null);
    await Promise.all(this.#closing);
  }
}
