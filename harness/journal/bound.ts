import type { JournalEvent } from "./events.ts";

/** A text of a server that is longer says no more to a reader; the evidence files hold it whole. Characters. */
const MOST_CHARS = 16 * 1024;

/**
 * The event with its overlong texts cut, so that one value of a megabyte makes neither a journal nor a report unreadable. Returns
 * the event itself when its JSON text (`line`) is short enough to hold none, which is almost always. The plan stays whole: it is ours.
 */
export function bounded(event: JournalEvent, line: string): JournalEvent {
  if (line.length <= MOST_CHARS || event.type === "run") return event;
  return deep(event) as JournalEvent;
}

function deep(value: unknown): unknown {
  if (typeof value === "string")
    return value.length <= MOST_CHARS ? value : `${value.slice(0, MOST_CHARS)}… (${value.length} characters)`;
  if (Array.isArray(value)) return value.map(deep);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name.slice(0, MOST_CHARS), deep(item)]));
}
