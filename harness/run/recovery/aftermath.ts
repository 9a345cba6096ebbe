import type { NodeCondition } from "../../journal/events.ts";
import type { RunningWatchdog } from "../../watchdog/watchdog.ts";
import type { Claims } from "../chaos/claims.ts";
import type { FaultRunner } from "../chaos/fault-runner.ts";
import type { RunContext } from "../run-context.ts";
import type { SeenService } from "../seen-service.ts";
import type { WatchedCluster } from "../watched-cluster.ts";

/** What a run has after chaos: with it heal, recovery and quiesce ask, repair and tell. */
export interface Aftermath
  extends Pick<RunContext, "clock" | "emit" | "signal">,
    Pick<WatchedCluster, "cluster" | "watchdog" | "states" | "moves"> {
  service: Pick<SeenService, "pending">;
  runner: Pick<FaultRunner, "healAll">;
  claims: Pick<Claims, "of" | "abandoned">;
}

const READABLE: readonly NodeCondition[] = ["healthy", "slow", "stalled"];

/** Why a node's data cannot be read as it is now, or null. */
export function inTrouble(watchdog: RunningWatchdog, name: string): string | null {
  const { condition } = watchdog.verdict(name);
  return READABLE.includes(condition) ? null : `${name} is ${condition}`;
}
