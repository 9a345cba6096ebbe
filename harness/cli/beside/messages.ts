import type { ErrorCode } from "../../base/chaos-error.ts";
import type { JournalEvent } from "../../journal/events.ts";
import type { RunResult } from "../../run/run-options.ts";
import type { RunRequest } from "../run-here.ts";

/** What is said between kvchaos and the process of one run. */
export type ToRun =
  | { type: "run"; request: RunRequest; script: string; terminal: { isTTY: boolean; columns: number } }
  /** So many others run now. */
  | { type: "others"; count: number }
  /** Ends the run that is under way. */
  | { type: "interrupt" }
  /** No run comes any more: the cluster that is kept is removed, and the process ends. */
  | { type: "leave" };

export type FromRun =
  | { type: "event"; event: JournalEvent }
  /** It could not even begin. */
  | { type: "failed"; code: ErrorCode; message: string; hint: string | undefined }
  | { type: "ended"; run: RunEnd; warm: boolean };

/** What is left of a run for who did not see it. */
export interface RunEnd extends Pick<RunResult, "verdict" | "reasons" | "findings" | "directory"> {
  /** A second of it, or more, was starved. */
  starved: boolean;
}

export function runEnd({ verdict, reasons, findings, directory, record }: RunResult): RunEnd {
  return { verdict, reasons, findings, directory, starved: record.view.starved.length > 0 };
}
