import type { EventOf, JournalEvent } from "../../journal/events.ts";
import { type EventLine, eventLine, lineAt } from "./event-line.ts";

/** So many faults that are over in the heal phase have a line each; of more, one line is enough. */
const MOST_ALONE = 5;
const MOST_NAMES = 5;

/**
 * The lines of a run's events as they come. In the heal phase a fault that is over waits for the others: a tour has fifty. A command whose
 * reply has a line needs no other.
 */
export class EventLines {
  readonly #replied = new Set<string>();
  #healing = false;
  #over: EventOf<"fault">[] = [];

  add(event: JournalEvent): EventLine[] {
    const line = eventLine(event);
    if (event.type === "admin-command" && line) this.#replied.add(event.by);
    if (event.type === "fault" && event.step === "injected" && this.#replied.has(event.id)) return [];
    if (event.type === "phase" && event.phase === "heal") this.#healing = event.step === "begin";
    else if (line === null) return [];
    else if (this.#healing && event.type === "fault" && event.step === "healed") {
      this.#over.push(event);
      return [];
    }
    return [...this.#overLines(), ...(line === null ? [] : [line])];
  }

  #overLines(): EventLine[] {
    const over = this.#over;
    this.#over = [];
    const last = over.at(-1);
    if (!last || over.length <= MOST_ALONE) return over.flatMap((one) => eventLine(one) ?? []);
    const names = over.slice(0, MOST_NAMES).map(({ id }) => id);
    const rest = over.length - names.length;
    return [lineAt(last.t, "quiet", `${over.length} faults are over: ${names.join(", ")} and ${rest} more`)];
  }
}
