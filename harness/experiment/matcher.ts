import type { NodeState } from "../journal/events.ts";
import type { PlannedCondition } from "../journal/plan.ts";

/**
 * Does what a node's INFO says satisfy a `when` condition about its state? With a progress, the state must have come at least that far:
 * a server that does not tell its progress never satisfies it (the fault is then reported as not fired).
 */
export function matchesState(condition: Extract<PlannedCondition, { kind: "state" }>, state: NodeState): boolean {
  const far = condition.progress === null || (state.syncProgress !== null && state.syncProgress >= condition.progress);
  switch (condition.state) {
    case "master":
    case "replica":
      return state.role === condition.state;
    case "link-up":
      return state.role === "replica" && state.link === "up";
    case "link-down":
      return state.role === "replica" && state.link === "down";
    case "full-sync":
      return state.syncing && far;
    case "loading":
      return state.loading && far;
    // The servers' INFO does not tell: the migration itself does.
    case "migrating":
    case "importing":
      return false;
  }
}
