import { setMaxListeners } from "node:events";
import { CleanupScope } from "../base/scope.ts";
import { Claims } from "./chaos/claims.ts";
import { Examinations } from "./examinations.ts";
import type { RunContext } from "./run-context.ts";
import { clusterKey } from "./warm/cluster-key.ts";

/** Takes the cluster of the run before, where this one can use it. */
export function makeContext(
  made: Pick<RunContext, "options" | "clock" | "emit" | "directory" | "runId" | "hide">,
): RunContext {
  const { options, clock, runId } = made;
  const scope = new CleanupScope();
  const broken = new AbortController();
  const trouble = new AbortController();
  const evidenceSignal = AbortSignal.any([options.interrupt, broken.signal]);
  const signal = AbortSignal.any([evidenceSignal, trouble.signal]);
  // Every wait of a run listens to it: hundreds at once are no leak.
  setMaxListeners(0, signal, evidenceSignal, options.interrupt);
  const key = options.warm ? clusterKey(options) : null;
  const kept = options.warm?.take(key) ?? null;
  return {
    ...made,
    scope,
    held: kept ? { resources: kept.resources, runId: kept.runId } : { resources: new CleanupScope(), runId },
    kept,
    key,
    claims: new Claims(),
    examinations: new Examinations(clock),
    signal,
    evidenceSignal,
    lost: (error) => broken.abort(error),
    troubled: (error) => trouble.abort(error),
  };
}
