import type { Clock } from "../../base/clock.ts";
import type { RunningCluster } from "../../cluster/running-cluster.ts";
import type { Emit } from "../../journal/events.ts";
import type { RunningWatchdog } from "../../watchdog/watchdog.ts";
import type { Claims } from "../chaos/claims.ts";
import type { FaultRunner } from "../chaos/fault-runner.ts";
import type { ExperimentMoves } from "../chaos/moves.ts";
import type { SeenStates } from "../chaos/seen-states.ts";
import type { SeenService } from "../seen-service.ts";

/** What a run has after chaos: with it heal, recovery and quiesce ask, repair and tell. */
export interface Aftermath {
  cluster: RunningCluster;
  watchdog: RunningWatchdog;
  states: SeenStates;
  service: Pick<SeenService, "pending">;
  runner: Pick<FaultRunner, "healAll">;
  moves: ExperimentMoves;
  claims: Pick<Claims, "of" | "abandoned">;
  clock: Clock;
  emit: Emit;
  signal: AbortSignal;
}
