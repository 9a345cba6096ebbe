import type { JournalEvent } from "../../journal/events.ts";
import type { NightEntry } from "../../run/night/record.ts";

/** Who sees all events of all runs of one command while they go on. */
export interface Observer {
  onEvent(event: JournalEvent, runId: string): void;
  /** A run is over, however it ended. */
  onEnd(runId: string): void;
  /** What became of the experiments of a night so far. */
  onNight(entries: readonly Pick<NightEntry, "outcome">[]): void;
  close(): Promise<void>;
}
