import type { EventOf } from "../journal/events.ts";
import type { LogRule } from "../systems/system.ts";

/** A step of a full sync, as the journal's `full-sync` event holds it. */
export type SyncStep = Omit<EventOf<"full-sync">, "t" | "type">;

/*
 *   start ─► progress 1/12 … 12/12 ─► restoring ─► done
 *     └────────────┴──────────────────────┴──────► failed (the server says so) | ended (it was told otherwise)
 */

/** Follows full syncs through what the servers' log rules recognised. Holds no clock: one line in, at most one step out. */
export class SyncProgress {
  readonly #now = new Map<string, SyncStep>();
  /** Names of files, by node. */
  readonly #begun = new Map<string, Set<string>>();

  /** The step a node is in, or null when no full sync is under way. */
  of(node: string): SyncStep | null {
    return this.#now.get(node) ?? null;
  }

  /** The step that a recognised line means, or null when it means none (an end of what had not begun). */
  line(node: string, meaning: LogRule["meaning"], fields: Readonly<Record<string, string>>): SyncStep | null {
    const before = this.of(node);
    const [done, total] = [before?.done ?? null, before?.total ?? null];
    switch (meaning) {
      case "full-sync-start":
        this.#begun.delete(node);
        return this.#enter({ node, step: "start", done: null, total: null });
      case "full-sync-progress": {
        const all = fields.total === undefined ? total : Number(fields.total);
        const count = fields.done === undefined ? this.#begunBefore(node, fields.file) : Number(fields.done);
        // Parallel fetchers write their lines in any order.
        const most = Number.isNaN(count) ? done : Math.max(count, done ?? 0);
        return this.#enter({ node, step: "progress", done: most, total: all });
      }
      case "restoring":
        return this.#enter({ node, step: "restoring", done, total });
      case "full-sync-done":
        return this.#leave(before && { ...before, step: "done" });
      case "full-sync-failed":
        return this.#leave(before && { ...before, step: "failed" });
      case "full-sync-ended":
        return this.#leave(before && { ...before, step: "ended" });
      default:
        return null;
    }
  }

  /** The server was started anew: whatever it was doing is over. */
  restarted(node: string): SyncStep | null {
    const before = this.of(node);
    return this.#leave(before && { ...before, step: "ended" });
  }

  /** Where a line begins a file and does not count: how many had begun before. One that failed begins twice. */
  #begunBefore(node: string, file: string | undefined): number {
    if (file === undefined) return Number.NaN;
    const begun = this.#begun.get(node) ?? new Set();
    this.#begun.set(node, begun.add(file));
    return begun.size - 1;
  }

  #enter(step: SyncStep): SyncStep {
    this.#now.set(step.node, step);
    return step;
  }

  #leave(step: SyncStep | null): SyncStep | null {
    if (step) {
      this.#now.delete(step.node);
      this.#begun.delete(step.node);
    }
    return step;
  }
}

/** How far a full sync under way has come, 0..1: files of files, and 1 while restoring. null: it does not tell. */
export function syncFraction({ step, done, total }: SyncStep): number | null {
  if (step === "restoring") return 1;
  if (step === "start") return 0;
  return done === null || !total ? null : Math.min(1, done / total);
}
