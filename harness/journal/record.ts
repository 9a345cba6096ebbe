import type { JournalEvent } from "./events.ts";
import type { History } from "./history.ts";
import { type EventIndex, indexOf } from "./view/event-index.ts";
import { RunView } from "./view/run-view.ts";

/** The whole journal of one run, already read and indexed by type. Checks and reports are pure functions of it. */
export interface RunRecord extends EventIndex {
  /** Number of the torn last line that a killed harness left, or null when the journal ends cleanly. */
  readonly tornLine: number | null;
  /** What the recorded loads did, read beside the journal (history/read-history.ts); empty where only the journal was read. */
  readonly history: History;
  /** What the events say of the run: where its phases were, who was in which condition, what each fault came to, … */
  readonly view: RunView;
}

/** The record of events that are already in memory. */
export function recordOf(
  events: readonly JournalEvent[],
  { tornLine = null, history = [] }: { tornLine?: number | null; history?: History } = {},
): RunRecord {
  const index = indexOf(events);
  return Object.assign(index, { tornLine, history, view: new RunView(index) });
}
