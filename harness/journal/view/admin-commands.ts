import type { EventOf } from "../events.ts";
import type { EventIndex } from "./event-index.ts";

type Event = EventOf<"admin-command">;

/** A command that a fault gave a server, and what became of it. */
export interface AdminCommand {
  sent: Event;
  /** The last that was heard of it before its answer. */
  overdue: Event | null;
  /** Answered, refused or lost; null: it has no answer. */
  end: Event | null;
}

/** Every command that faults gave servers, in the order of sending. @param until what came later is not seen, run ms */
export function adminCommands(record: EventIndex, until = Infinity): AdminCommand[] {
  const all = new Map<string, AdminCommand>();
  for (const event of record.of("admin-command")) {
    if (event.t > until) continue;
    // Lasting connections count all commands of a node, a fault with connections of its own counts its own.
    const key = `${event.node} ${event.by} ${event.number}`;
    const known = all.get(key);
    if (event.step === "sent") all.set(key, { sent: event, overdue: null, end: null });
    else if (known && event.step === "overdue") known.overdue = event;
    else if (known) known.end ??= event;
  }
  return [...all.values()];
}
