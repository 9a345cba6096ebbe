/** How one node's container is started: appended to, or merged with, what the Compose file says. */
export interface Launch {
  /** Absent: the image's own. */
  entrypoint?: string[];
  command: string[];
  environment: Record<string, string>;
}

/**
 * A regular expression over one server log line, and what a match means. Named groups become the event's fields;
 * `full-sync-progress` has groups `done` and `total` where the line tells them; without `done`, `file` is one that begins.
 */
export interface LogRule {
  name: string;
  pattern: RegExp;
  meaning:
    | "crash"
    | "full-sync-start"
    | "full-sync-progress"
    | "restoring"
    | "full-sync-done"
    | "full-sync-failed"
    | "full-sync-ended"
    | "election" // who is to be master: a vote, a refusal, a try
    | "other";
  /**
   * Of a crash line: the assertion that failed, the signal that ended the process, or only a heading above what tells the cause.
   * Absent: a cause of another kind.
   */
  says?: "assertion" | "signal" | "banner";
}
