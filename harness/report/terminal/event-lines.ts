import type { EventOf, JournalEvent } from "../../journal/events.ts";
import { type EventLine, eventLine, lineAt, type Tone } from "./event-line.ts";

type FaultEvent = EventOf<"fault">;

interface Fate {
  tone: Tone;
  words: string;
}

/** What may befall many faults at once: in the heal phase, or where a finding ends the chaos phase. */
const FATES = new Map<FaultEvent["step"], Fate>([
  ["healed", { tone: "quiet", words: "are over" }],
  ["not-fired", { tone: "bad", words: "never fired" }],
  ["inject-failed", { tone: "bad", words: "could not be injected" }],
]);
/** How long a line waits for others of its kind, ms. */
const WAIT_MS = 500;
/** So many have a line each; of more, one line is enough. */
const MOST_ALONE = 5;
const MOST_NAMES = 5;
/** So many full syncs of a node that fail one after the other have lines of their own; of more, each at twice as many as the last one. */
const MOST_FAILED = 4;

/**
 * The lines of a run's events as they come. Many faults with the same fate at the same time have one: a tour has fifty. A command whose
 * reply has a line needs no other.
 */
export class EventLines {
  readonly #replied = new Set<string>();
  /** By fate and its reason. */
  readonly #waiting = new Map<string, Fate & { events: FaultEvent[] }>();
  #until = 0;
  /** Full syncs that failed one after the other, per node. */
  readonly #failed = new Map<string, number>();

  add(event: JournalEvent): EventLine[] {
    const line = eventLine(event);
    if (line === null) return event.t > this.#until ? this.#together() : [];
    if (event.type === "admin-command") this.#replied.add(event.by);
    if (event.type === "full-sync") {
      const instead = this.#sync(event);
      if (instead !== "its own") return [...this.#together(), ...instead];
    }
    if (event.type === "fault") {
      if (event.step === "injected" && this.#replied.has(event.id)) return [];
      const fate = FATES.get(event.step);
      if (fate) return this.#wait(event, fate);
    }
    return [...this.#together(), line];
  }

  /** Servers that do not go together try many times a second. */
  #sync({ t, node, step }: EventOf<"full-sync">): EventLine[] | "its own" {
    const before = this.#failed.get(node) ?? 0;
    const failed = step === "failed" ? before + 1 : step === "start" ? before : 0;
    this.#failed.set(node, failed);
    if (step === "start") return failed < MOST_FAILED ? "its own" : [];
    if (step !== "failed" || failed <= MOST_FAILED) return "its own";
    return Number.isInteger(Math.log2(failed))
      ? [lineAt(t, "quiet", `${node}: full sync failed ${failed} times, one after the other`)]
      : [];
  }

  #wait(event: FaultEvent, fate: Fate): EventLine[] {
    const before = event.t > this.#until ? this.#together() : [];
    if (this.#waiting.size === 0) this.#until = event.t + WAIT_MS;
    const key = JSON.stringify([event.step, event.detail]);
    const others = this.#waiting.get(key)?.events ?? [];
    this.#waiting.set(key, { ...fate, events: [...others, event] });
    return before;
  }

  #together(): EventLine[] {
    const lines = [...this.#waiting.values()].flatMap(together);
    this.#waiting.clear();
    return lines;
  }
}

function together({ tone, words, events }: Fate & { events: readonly FaultEvent[] }): EventLine[] {
  const last = events.at(-1);
  if (!last || events.length <= MOST_ALONE) return events.flatMap((one) => eventLine(one) ?? []);
  const why = last.detail ? `: ${last.detail}` : "";
  const names = events.slice(0, MOST_NAMES).map(({ id }) => id);
  const more = events.length - names.length;
  return [lineAt(last.t, tone, `${events.length} faults ${words}${why} (${names.join(", ")} and ${more} more)`)];
}
