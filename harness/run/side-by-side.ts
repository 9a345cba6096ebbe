import type { EventOf } from "../journal/events.ts";

/*
 *   run(needs) ─► queue ─► a place free? the machine calm? ─► work ─► its result
 *                            │                                  │
 *                            │                                  └─ felt(): the run's own self-check, once a second
 *                            ├─ not calm: one place fewer, and nothing begins for a while
 *                            └─ calm for a while: one place more, up to what was asked for
 */

/** What a piece of work wants of the machine: estimates, which keep too much from beginning at once. */
export interface Needs {
  /** Names of what only one may have at a time. */
  claims: readonly string[];
  /** Nothing may run beside it. */
  alone: boolean;
  /** Processors that it keeps busy, as a mean. */
  cores: number;
  /** Bytes. */
  memory: number;
}

/** How much may run at the same time. */
export interface Places {
  jobs: number;
  /** Processors, and bytes of memory, that all of it may want together. */
  cores: number;
  memory: number;
}

/** What a piece of work knows of what runs beside it. */
export interface Place {
  /** Tells how many others run, now and whenever that changes; returns what ends it. */
  watch(told: (others: number) => void): () => void;
  /** The most others at any moment so far. */
  readonly most: number;
  /** The costly beginning is over: the next one may begin. */
  settled(): void;
  felt(self: Felt): void;
}

export type Felt = Pick<EventOf<"self">, "probeDelay" | "controlMax" | "starved">;

/** Nothing begins for so long after a second that was not calm, and places are taken away no faster. ms */
const HELD_BACK = 5_000;
/** After so much calm there is one place more. ms */
const CALM = 30_000;
/** One that takes longer to settle keeps nobody waiting any more: it waits itself. ms */
const SETTLES = 15_000;
/** A probe thread or a control answer later than this is not calm, well below what counts as starved. ms */
const LATE = 150;

interface Waiting {
  needs: Needs;
  begin(own: Running): void;
}

interface Running {
  needs: Needs;
  began: number;
  settled: boolean;
  most: number;
  told(others: number): void;
}

/** Lets pieces of work run beside each other, first come first served, as long as the machine stays calm. */
export class SideBySide {
  readonly #places: Places;
  readonly #now: () => number;
  readonly #waiting: Waiting[] = [];
  readonly #running = new Set<Running>();
  /** Places at this moment. */
  #open: number;
  #troubled = Number.NEGATIVE_INFINITY;
  #changed: number;

  /** @param now milliseconds of a clock that never goes back */
  constructor(places: Places, now: () => number = () => performance.now()) {
    this.#places = places;
    this.#now = now;
    this.#open = places.jobs;
    this.#changed = now();
  }

  /** How many may run at the same time at most. */
  get jobs(): number {
    return this.#places.jobs;
  }

  /** Runs it when its turn has come, unless the signal fires before. */
  async run<T>(needs: Needs, signal: AbortSignal, work: (place: Place) => Promise<T>): Promise<T> {
    const own = await this.#turn(needs, signal);
    try {
      return await work({
        watch: (told) => {
          told(this.#running.size - 1);
          own.told = told;
          return () => {
            own.told = () => {};
          };
        },
        get most() {
          return own.most;
        },
        settled: () => {
          own.settled = true;
          this.#next();
        },
        felt: (self) => this.#felt(self),
      });
    } finally {
      this.#running.delete(own);
      this.#count();
      this.#next();
    }
  }

  #turn(needs: Needs, signal: AbortSignal): Promise<Running> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const waiting = {
        needs,
        begin: (own: Running) => {
          signal.removeEventListener("abort", leave);
          resolve(own);
        },
      };
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(signal.reason);
        this.#next();
      };
      signal.addEventListener("abort", leave, { once: true });
      this.#waiting.push(waiting);
      this.#next();
    });
  }

  /** Lets the first begin that can; the others follow when it has settled. */
  #next(): void {
    if (!this.#canBegin()) return;
    for (const [at, { needs, begin }] of this.#waiting.entries()) {
      if (this.#claimed(needs)) continue;
      // What wants much, or to be alone, is not overtaken by what wants little.
      if (!this.#fits(needs)) return;
      this.#waiting.splice(at, 1);
      const own: Running = { needs, began: this.#now(), settled: false, most: 0, told: () => {} };
      this.#running.add(own);
      this.#count();
      begin(own);
      return;
    }
  }

  #count(): void {
    const others = this.#running.size - 1;
    for (const one of this.#running) {
      one.most = Math.max(one.most, others);
      one.told(others);
    }
  }

  #canBegin(): boolean {
    const running = [...this.#running];
    if (running.length === 0) return true;
    const now = this.#now();
    const busy = ({ needs, settled, began }: Running): boolean => needs.alone || (!settled && now - began < SETTLES);
    return running.length < this.#open && !running.some(busy) && now - this.#troubled >= HELD_BACK;
  }

  #claimed({ claims }: Needs): boolean {
    return [...this.#running].some(({ needs }) => needs.claims.some((one) => claims.includes(one)));
  }

  /** What is alone always fits: there is nothing smaller to wait for. */
  #fits(needs: Needs): boolean {
    if (this.#running.size === 0) return true;
    if (needs.alone) return false;
    const together = [needs, ...[...this.#running].map((one) => one.needs)];
    const sum = (of: "cores" | "memory") => together.reduce((all, one) => all + one[of], 0);
    return sum("cores") <= this.#places.cores && sum("memory") <= this.#places.memory;
  }

  #felt({ probeDelay, controlMax, starved }: Felt): void {
    const now = this.#now();
    if (starved || probeDelay > LATE || (controlMax ?? 0) > LATE) {
      // Several runs tell of the same trouble.
      if (now - this.#troubled >= HELD_BACK) this.#open = Math.max(1, Math.min(this.#open, this.#running.size) - 1);
      this.#troubled = now;
      this.#changed = now;
    } else if (now - this.#changed >= CALM && this.#open < this.#places.jobs) {
      this.#open++;
      this.#changed = now;
    }
    this.#next();
  }
}
