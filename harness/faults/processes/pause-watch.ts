import { messageOf } from "../../base/chaos-error.ts";
import type { LockFolder } from "../../locks/lock-folder.ts";
import type { FaultContext } from "../fault.ts";

/** Between two looks at what the library counts, ms: how late another fault starts that waits for a pause. */
const LOOK_MS = 20;
/** A server that is killed in a pause never says that it is over; so long after its end it is. ms */
const LATE_MS = 1_000;

/** Time in which threads pause, without a gap. */
interface Stretch {
  from: number;
  threads: Set<string>;
  pauses: number;
  /** When the last of them began. */
  last: number;
  /** The node is to blame again for its silence. */
  over(): void;
}

interface Watched {
  node: string;
  locks: Pick<LockFolder, "pauseState">;
  /** As the folder numbers it. */
  rule: number;
  /** Of one pause, ms. */
  length: number;
}

/** Sees threads begin and end the pauses of one rule; tells the journal, the watchdog, and whoever waits for one. */
export class PauseWatch {
  /** Names of all that have paused, as far as they are known. */
  readonly threads = new Set<string>();
  readonly #context: Pick<FaultContext, "id" | "clock" | "emit" | "note" | "pausing">;
  readonly #watched: Watched;
  readonly #timer: NodeJS.Timeout;
  #seen = 0;
  #now: Stretch | null = null;

  constructor(context: Pick<FaultContext, "id" | "clock" | "emit" | "note" | "pausing">, watched: Watched) {
    this.#context = context;
    this.#watched = watched;
    this.#timer = setInterval(() => this.#lookOrStop(), LOOK_MS);
  }

  look(): void {
    const { clock } = this.#context;
    const { locks, rule, length } = this.#watched;
    const { hits, pausing, last, thread } = locks.pauseState(rule);
    const now = clock.now();
    if (hits > this.#seen) {
      const began = last === null ? now : Math.min(now, last - Number(clock.origin) / 1e6);
      this.#begin(hits - this.#seen, began, thread);
      this.#seen = hits;
    }
    if (this.#now && (pausing === 0 || now > this.#now.last + length + LATE_MS)) this.#end(now);
  }

  /** The rule is no more. Idempotent. */
  close(): void {
    clearInterval(this.#timer);
    this.look();
    if (this.#now) this.#end(this.#context.clock.now());
  }

  #lookOrStop(): void {
    try {
      this.look();
    } catch (error) {
      // The folder is gone: nothing more is to be seen.
      clearInterval(this.#timer);
      this.#context.note(`pauses are not seen any more: ${messageOf(error)}`);
    }
  }

  #begin(pauses: number, at: number, thread: string): void {
    const { node } = this.#watched;
    // Each by itself: somebody may wait for the third.
    const ends = Array.from({ length: pauses }, () => this.#context.pausing(node));
    const before = this.#now;
    const stretch: Stretch = before ?? { from: at, threads: new Set(), pauses: 0, last: at, over: () => {} };
    this.#now = {
      ...stretch,
      pauses: stretch.pauses + pauses,
      last: at,
      over: () => {
        stretch.over();
        for (const end of ends) end();
      },
    };
    if (thread === "") return;
    stretch.threads.add(thread);
    this.threads.add(thread);
  }

  #end(now: number): void {
    if (!this.#now) return;
    const { from, threads, pauses, over } = this.#now;
    this.#now = null;
    over();
    const { id, emit } = this.#context;
    const { node, length } = this.#watched;
    // It ended at some moment since the look before: pauses of known length were not longer than that.
    emit({
      type: "thread-pause",
      id,
      node,
      threads: [...threads],
      pauses,
      from,
      ms: Math.min(now - from, pauses * length),
    });
  }
}
