import { NO_VALUE, type RegisterHistory } from "./register-history.ts";

/*
 * The search of Wing and Gong with Lowe's memory of dead ends, for one register.
 *
 *   not ordered yet, by invocation:   a ├────┤
 *                                     b   ├────────┤        bound: the earliest end among them. What was invoked by then may
 *                                     c       ├──┤          be the next in the order; d may not, for a was over before it.
 *                                     d          ├──┤
 *
 * What follows from "every value but NO_VALUE is written at most once" keeps it from branching where nothing depends on it:
 *  - a read of the value that the register holds now can come next at once: it changes nothing, and later may be too late;
 *  - while reads of the value that it holds now are left, no write may come: the value would never come back;
 *  - when none are left, a write whose value nobody reads any more can come next at once: one dead value replaces another.
 */

/** The register holds a value that nobody reads any more: which one makes no difference. */
const DEAD = -1;
/** Dead ends that are remembered: some 50 MB. Beyond that the search forgets none, it only learns no more. */
const MOST_DEAD_ENDS = 200_000;

/** Steps that may be spent; counted, not timed, so that the same history always gets the same answer. */
export interface SearchBudget {
  steps: number;
}

export type Linearizable = "yes" | "no" | "unknown";

/** A choice between several writes, to come back to. */
interface Frame {
  ordered: number;
  holds: number;
  highest: number;
  /** Writes that may come next, the one that must end first in front. */
  choices: number[];
  tried: number;
}

/** Can its operations be put into an order that respects time, in which every read finds the last value written before it? */
export class Linearizer {
  #history!: RegisterHistory;
  /** A list of what is not ordered yet, both ways; its head is `length`. */
  #next = new Int32Array(64);
  #previous = new Int32Array(64);
  /** By value: reads that are not ordered yet. */
  #readsLeft = new Int32Array(64);
  /** Writes of NO_VALUE that are not ordered yet. */
  #emptiesLeft = 0;
  /** Operations that have to be ordered. */
  #left = 0;
  /** What is ordered so far. */
  readonly #order: number[] = [];
  #highest = -1;
  #holds = DEAD;
  readonly #frames: Frame[] = [];
  #stuckAt = 0;
  readonly #deadEnds = new Set<string>();

  /**
   * @param initial what the register holds in the beginning; null: nobody knows
   * @param budget what is used is taken off; "unknown": it did not suffice
   * @param share at most so many of it for each operation: one hard history must leave some for the others
   */
  judge(history: RegisterHistory, initial: number | null, budget: SearchBudget, share = Infinity): Linearizable {
    this.#begin(history);
    const reserve = Math.max(0, budget.steps - share * history.length);
    const start = this.#startValue(initial);
    if (start === undefined) return "no";
    this.#hold(start);
    while (this.#left > 0) {
      if (budget.steps <= reserve) return "unknown";
      if (!this.#step(budget) && !this.#turnBack()) return "no";
    }
    return "yes";
  }

  /** After "no": the latest operation that the search could get to, near the contradiction. */
  get stuckAt(): number {
    return this.#stuckAt;
  }

  #begin(history: RegisterHistory): void {
    const { length, values } = history;
    this.#history = history;
    if (this.#next.length <= length) {
      this.#next = new Int32Array(length * 2);
      this.#previous = new Int32Array(length * 2);
    }
    if (this.#readsLeft.length < values) this.#readsLeft = new Int32Array(values * 2);
    this.#readsLeft.fill(0, 0, values);
    this.#emptiesLeft = 0;
    this.#left = 0;
    for (let i = 0; i <= length; i++) {
      this.#next[i] = i === length ? 0 : i + 1;
      this.#previous[i] = i === 0 ? length : i - 1;
      if (i < length) this.#count(i, 1);
    }
    this.#order.length = 0;
    this.#highest = -1;
    this.#frames.length = 0;
    this.#stuckAt = 0;
    this.#deadEnds.clear();
  }

  /** The value to begin with; undefined: values were read that nobody wrote, and the beginning does not explain them. */
  #startValue(initial: number | null): number | undefined {
    const { length, isRead, value, values } = this.#history;
    const written = new Uint8Array(values);
    for (let i = 0; i < length; i++) if (!isRead[i]) written[value[i] as number] = 1;
    let unexplained: number | undefined;
    for (let v = 1; v < values; v++) {
      if (written[v] || this.#readsLeft[v] === 0 || v === initial) continue;
      if (unexplained !== undefined || initial !== null) return undefined;
      unexplained = v;
    }
    return initial ?? unexplained ?? NO_VALUE;
  }

  /** Orders one operation, or a choice. False: a dead end. */
  #step(budget: SearchBudget): boolean {
    const { length, invoked, completed, isRead, value } = this.#history;
    const holds = this.#holds;
    const mayWrite = holds === DEAD || (holds === NO_VALUE && this.#emptiesLeft > 0);
    const choices: number[] = [];
    let bound = Infinity;
    for (
      let i = this.#next[length] as number;
      i !== length && (invoked[i] as number) <= bound;
      i = this.#next[i] as number
    ) {
      budget.steps--;
      const end = completed[i] as number;
      if (end < bound) bound = end;
      if (isRead[i]) {
        if (value[i] !== holds) continue;
        this.#take(i);
        return true;
      }
      if (!mayWrite) continue;
      const isWanted = (this.#readsLeft[value[i] as number] as number) > 0;
      if (holds === DEAD && !isWanted && end !== Infinity) {
        this.#take(i);
        return true;
      }
      // A write that need not happen is worth it only for its reads, and not while the register holds its value.
      if (end === Infinity && (!isWanted || value[i] === holds)) continue;
      choices.push(i);
    }
    if (choices.length <= 1) return choices.length === 1 && this.#take(choices[0] as number);
    choices.sort((a, b) => (completed[a] as number) - (completed[b] as number));
    if (this.#deadEnds.size > 0 && this.#deadEnds.has(this.#state())) return false;
    this.#frames.push({ ordered: this.#order.length, holds, highest: this.#highest, choices, tried: 0 });
    return this.#take(choices[0] as number);
  }

  /** Undoes everything up to the last choice that leaves another way. False: there is none. */
  #turnBack(): boolean {
    if (this.#highest > this.#stuckAt) this.#stuckAt = this.#highest;
    for (let frame = this.#frames.at(-1); frame; frame = this.#frames.at(-1)) {
      while (this.#order.length > frame.ordered) this.#putBack(this.#order.pop() as number);
      this.#holds = frame.holds;
      this.#highest = frame.highest;
      frame.tried++;
      const choice = frame.choices[frame.tried];
      if (choice !== undefined) return this.#take(choice);
      if (this.#deadEnds.size < MOST_DEAD_ENDS) this.#deadEnds.add(this.#state());
      this.#frames.pop();
    }
    return false;
  }

  #take(i: number): true {
    const next = this.#next[i] as number;
    const previous = this.#previous[i] as number;
    this.#next[previous] = next;
    this.#previous[next] = previous;
    this.#count(i, -1);
    this.#order.push(i);
    if (i > this.#highest) this.#highest = i;
    this.#hold(this.#history.value[i] as number);
    return true;
  }

  #putBack(i: number): void {
    this.#next[this.#previous[i] as number] = i;
    this.#previous[this.#next[i] as number] = i;
    this.#count(i, 1);
  }

  #count(i: number, by: 1 | -1): void {
    const { isRead, value, completed } = this.#history;
    if (isRead[i]) this.#readsLeft[value[i] as number]! += by;
    else if (value[i] === NO_VALUE) this.#emptiesLeft += by;
    if (completed[i] !== Infinity) this.#left += by;
  }

  #hold(value: number): void {
    this.#holds = (this.#readsLeft[value] as number) > 0 ? value : DEAD;
  }

  /** What decides whether the rest can be ordered: what is left of the part that was begun, and the value held. */
  #state(): string {
    let state = `${this.#holds} ${this.#highest}`;
    const { length } = this.#history;
    for (let i = this.#next[length] as number; i < this.#highest; i = this.#next[i] as number) state += ` ${i}`;
    return state;
  }
}
