/**
 * When the operations of an open loop are due: number n at start + n / rate. It is arithmetic, not a queue, so a
 * backlog of any length costs nothing; what is older than the load's timeout is given up.
 */
export class OpenLoopSchedule {
  /** Milliseconds between two operations of this thread. */
  readonly #every: number;
  readonly #offset: number;
  #first = Number.POSITIVE_INFINITY;
  #last = Number.POSITIVE_INFINITY;
  /** Number of the oldest operation that was neither sent nor given up. */
  #head = 0;

  /** @param share this thread does operations index, index + of, … of `rate` per second */
  constructor(rate: number, share: { index: number; of: number }) {
    this.#every = (1000 * share.of) / rate;
    this.#offset = (1000 * share.index) / rate;
  }

  start(at: number): void {
    this.#first = at + this.#offset;
  }

  /** No operation is due later than `at`. */
  end(at: number): void {
    this.#last = at;
  }

  /** Intended start of the i-th of the operations not yet sent. */
  intended(i: number): number {
    return this.#time(this.#head + i);
  }

  /** How many are due and not sent. */
  due(now: number): number {
    return Math.max(0, this.#countBefore(now) - this.#head);
  }

  /** The first `count` were sent. */
  take(count: number): void {
    this.#head += count;
  }

  /** Gives up those that were due at `before` or earlier; returns how many. */
  expire(before: number): number {
    const count = this.due(before);
    this.#head += count;
    return count;
  }

  /** Milliseconds until an operation becomes due that is not yet. */
  untilNext(now: number): number {
    if (this.#first === Number.POSITIVE_INFINITY) return 1000;
    const next = this.#time(Math.max(this.#head, this.#countBefore(now)));
    return Math.min(1000, Math.max(0, next - now));
  }

  /** Operations whose intended start is at `now` or before. */
  #countBefore(now: number): number {
    const until = Math.min(now, this.#last);
    if (until < this.#first) return 0;
    // The quotient's rounding is not the product's: ask the times themselves, so that this never contradicts intended().
    const count = Math.floor((until - this.#first) / this.#every) + 1;
    if (this.#time(count) <= until) return count + 1;
    return this.#time(count - 1) > until ? count - 1 : count;
  }

  #time(n: number): number {
    return this.#first + n * this.#every;
  }
}
