import type { NodeState } from "../journal/events.ts";

type Seen = Pick<NodeState, "syncing" | "link">;

/** What two INFO, one after the other, tell of a full sync; null: nothing has begun or ended. */
export function seenSync(before: Seen, now: Seen): "start" | "done" | "failed" | null {
  if (before.syncing === now.syncing) return null;
  if (now.syncing) return "start";
  return now.link === "up" ? "done" : "failed";
}
