import { ChaosError } from "./chaos-error.ts";
import { withDeadline } from "./deadline.ts";

interface Step {
  what: string;
  undo: () => Promise<void> | void;
  within: number;
}

export interface CleanupFailure {
  what: string;
  error: unknown;
}

/**
 * What must be undone, in the reverse order of doing. Closing runs every step even when one fails or hangs,
 * and a second close does nothing: that is what makes healing and teardown idempotent.
 */
export class CleanupScope {
  readonly #together: boolean;
  readonly #steps: (Step | CleanupScope)[] = [];
  #closing: Promise<CleanupFailure[]> | undefined;

  /** @param options.together its steps need not wait for each other: they are undone at the same time */
  constructor({ together = false }: { together?: boolean } = {}) {
    this.#together = together;
  }

  /** A scope whose steps are undone at the same time, as one step of this one. It takes steps until its turn has come. */
  part(): CleanupScope {
    const part = new CleanupScope({ together: true });
    this.#add(part, "a part of it");
    return part;
  }

  /** Registers an undo. Call it right after, or just before, the thing exists. `within`: its own deadline in ms. */
  defer(what: string, undo: () => Promise<void> | void, within = 30_000): void {
    this.#add({ what, undo, within }, what);
  }

  #add(step: Step | CleanupScope, what: string): void {
    if (this.#closing) throw new ChaosError("internal", `scope is closed: cannot register "${what}"`);
    this.#steps.push(step);
  }

  /** Undoes everything, last first. Never rejects: failures are returned. */
  close(): Promise<CleanupFailure[]> {
    this.#closing ??= this.#run();
    return this.#closing;
  }

  async #run(): Promise<CleanupFailure[]> {
    const steps = this.#steps.reverse();
    if (this.#together) return (await Promise.all(steps.map(undone))).flat();
    const failures: CleanupFailure[] = [];
    for (const step of steps) failures.push(...(await undone(step)));
    return failures;
  }
}

async function undone(step: Step | CleanupScope): Promise<CleanupFailure[]> {
  if (step instanceof CleanupScope) return step.close();
  const { what, undo, within } = step;
  try {
    await withDeadline({ what, within }, async () => undo());
    return [];
  } catch (error) {
    return [{ what, error }];
  }
}
