import { ChaosError } from "./chaos-error.ts";
import { withDeadline } from "./deadline.ts";

export interface CleanupFailure {
  what: string;
  error: unknown;
}

/**
 * What must be undone, in the reverse order of doing. Closing runs every step even when one fails or hangs,
 * and a second close does nothing: that is what makes healing and teardown idempotent.
 */
export class CleanupScope {
  readonly #steps: { what: string; undo: () => Promise<void> | void; within: number }[] = [];
  #closing: Promise<CleanupFailure[]> | undefined;

  /** Registers an undo. Call it right after, or just before, the thing exists. `within`: its own deadline in ms. */
  defer(what: string, undo: () => Promise<void> | void, within = 30_000): void {
    if (this.#closing) throw new ChaosError("internal", `scope is closed: cannot register "${what}"`);
    this.#steps.push({ what, undo, within });
  }

  /** Undoes everything, last first. Never rejects: failures are returned. */
  close(): Promise<CleanupFailure[]> {
    this.#closing ??= this.#run();
    return this.#closing;
  }

  async #run(): Promise<CleanupFailure[]> {
    const failures: CleanupFailure[] = [];
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      const { what, undo, within } = step;
      try {
        await withDeadline({ what, within }, async () => undo());
      } catch (error) {
        failures.push({ what, error });
      }
    }
    return failures;
  }
}
