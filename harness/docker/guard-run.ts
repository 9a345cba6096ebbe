import type { CleanupScope } from "../base/scope.ts";
import type { Engine } from "./engine.ts";
import { removeRun } from "./leftovers.ts";
import { startReaper } from "./reaper/reaper.ts";

/** Looks without a find, 250 ms apart, after an interrupt. */
const SWEEP_LOOKS = 4;
const SWEEP_MS = 20_000;

export interface GuardOptions {
  engine: Engine;
  runId: string;
  /** Undone when all that was made has been removed; nothing may have been deferred before. */
  resources: CleanupScope;
  signal: AbortSignal;
  /** Has somebody interrupted the run? What was cancelled half-way may appear a moment later. */
  interrupt: AbortSignal;
}

/**
 * To be called before anything is made: from then on nothing that carries the run's label outlives this process, however it ends.
 * Rejects as `startReaper` does.
 */
export async function guardRun({ engine, runId, resources, signal, interrupt }: GuardOptions): Promise<void> {
  const reaper = await startReaper({ runId, signal });
  let swept = false;
  // A reaper that is not dismissed goes on when this process ends: it has the longer breath when the engine is away.
  resources.defer("dismiss the reaper", () => (swept ? reaper.dismiss() : undefined));
  // Undone second to last: a request that was cancelled half-way may still have made something.
  resources.defer("sweep up what the run made", async () => {
    await removeRun(engine, runId, { looks: interrupt.aborted ? SWEEP_LOOKS : 1, within: SWEEP_MS });
    swept = true;
  });
}
