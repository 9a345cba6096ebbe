import type { Clock } from "../base/clock.ts";
import type { CleanupScope } from "../base/scope.ts";
import type { Emit } from "../journal/events.ts";
import type { Claims } from "./chaos/claims.ts";
import type { Examinations } from "./examinations.ts";
import type { RunOptions } from "./run-options.ts";
import type { ServerTrouble } from "./server-trouble.ts";
import type { Held, Kept } from "./warm/warm-cluster.ts";

/** What every part of one run shares. */
export interface RunContext {
  readonly options: RunOptions;
  readonly clock: Clock;
  readonly emit: Emit;
  /** The run's folder. */
  readonly directory: string;
  readonly runId: string;
  /** Closed at teardown. */
  readonly scope: CleanupScope;
  /** The cluster itself: its resources are closed after `scope`, unless the user or another run keeps it. */
  readonly held: Held;
  /** Of the run before, of which this one is to use the cluster again if it is clean; null: it makes its own. */
  readonly kept: Kept | null;
  /** What a run needs that is to use this one's cluster again (warm/cluster-key.ts); null: none can. */
  readonly key: string | null;
  readonly claims: Claims;
  readonly examinations: Examinations;
  /** Hides every secret of the run in a text. */
  hide(text: string): string;
  /** Fires on the user's interrupt, when the engine is lost, and when a server is in trouble before chaos: nothing new may be started then. */
  readonly signal: AbortSignal;
  /** The same without the last: of a server in trouble evidence is captured. */
  readonly evidenceSignal: AbortSignal;
  /** The engine went away in mid-run: ends the run with this error. */
  lost(error: unknown): void;
  /** A server ended or hangs before chaos: ends the run, and its checks judge what there is. */
  troubled(trouble: ServerTrouble): void;
}
