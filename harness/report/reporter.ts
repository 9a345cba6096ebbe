import type { JournalEvent } from "../journal/events.ts";
import type { RunRecord } from "../journal/record.ts";

/** One way to show a run. Every hook is optional; a reporter that throws is remembered, it never changes the verdict. */
export interface Reporter {
  readonly name: string;
  /** Called for each event while the run goes on. Must not block. */
  onEvent?(event: JournalEvent): void;
  /** Called once with the whole record and the run's folder (absolute). */
  onEnd?(record: RunRecord, directory: string): Promise<void>;
}
