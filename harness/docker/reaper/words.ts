/** What the reaper says when it listens, and what it is told at a normal end. */
export const READY = "ready";
export const DISMISS = "dismiss";
