import path from "node:path";
import type { ClusterLogs } from "../../cluster/logs.ts";
import { seenSync } from "../../cluster/seen-sync.ts";
import type { SyncStep } from "../../cluster/sync-progress.ts";
import type { Emit, NodeState } from "../../journal/events.ts";

/** Of servers whose logs nobody reads: that one copies all data is what it says of itself. */
export class AttachedLogs implements ClusterLogs {
  readonly #directory: string;
  readonly #emit: Emit;
  readonly #states = new Map<string, NodeState>();
  readonly #now = new Map<string, SyncStep>();
  readonly #listeners = new Set<(step: SyncStep) => void>();

  constructor(directory: string, emit: Emit) {
    this.#directory = directory;
    this.#emit = emit;
  }

  /** No such file will be there. */
  file(node: string): string {
    return path.join(this.#directory, `${node}.log`);
  }

  onLine(): () => void {
    return () => {};
  }

  fullSync(node: string): SyncStep | null {
    return this.#now.get(node) ?? null;
  }

  onFullSync(listener: (step: SyncStep) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  see(node: string, state: NodeState): void {
    const before = this.#states.get(node);
    this.#states.set(node, state);
    const step = before ? seenSync(before, state) : null;
    if (step === null) return;
    const full = { node, step, done: null, total: null };
    if (step === "start") this.#now.set(node, full);
    else this.#now.delete(node);
    this.#emit({ type: "full-sync", ...full });
    for (const listener of [...this.#listeners]) listener(full);
  }
}
