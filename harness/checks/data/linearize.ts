import { NO_VALUE, type RegisterHistory } from "./register-history.ts";
import { Zones } from "./zones.ts";

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

/** Numbers of a choice: how much was ordered, what was held, the highest then, and the write that was tried. */
const FRAME = 4;
/** Lists are so much longer than they need to be: the next history is often a little longer. */
const ROOM = 1.25;

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
  #order = new Int32Array(64);
  #ordered = 0;
  #highest = -1;
  #holds = DEAD;
  /** Choices between several writes, to come back to: FRAME numbers for each. */
  #frames = new Int32Array(64);
  #depth = 0;
  #stuckAt = 0;
  readonly #deadEnds = new Set<string>();
  readonly #zones = new Zones();

  /**
   * @param initial what the register holds in the beginning; null: nobody knows
   * @param budget what is used is taken off; "unknown": it did not suffice
   * @param share at most so many of it for each operation: one hard history must leave some for the others
   */
  judge(history: RegisterHistory, initial: number | null, budget: SearchBudget, share = Infinity): Linearizable {
    if (this.conflict(history, initial) !== -1) return "no";
    return this.#zones.isExact ? "yes" : this.search(history, initial, budget, share);
  }

  /** An operation that contradicts others by its zone, or finds what nobody wrote; -1: none does. Costs no step. */
  conflict(history: RegisterHistory, initial: number | null): number {
    this.#history = history;
    const start = this.#startValue(initial);
    return start === undefined ? 0 : this.#zones.conflict(history, start);
  }

  /** The same as `judge` by searching alone. */
  search(history: RegisterHistory, initial: number | null, budget: SearchBudget, share = Infinity): Linearizable {
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
      const size = Math.ceil(length * ROOM) + 1;
      this.#next = new Int32Array(size);
      this.#previous = new Int32Array(size);
      this.#order = new Int32Array(size);
    }
    if (this.#readsLeft.length < values) this.#readsLeft = new Int32Array(Math.ceil(values * ROOM));
    this.#readsLeft.fill(0, 0, values);
    this.#emptiesLeft = 0;
    this.#left = 0;
    for (let i = 0; i <= length; i++) {
      this.#next[i] = i === length ? 0 : i + 1;
      this.#previous[i] = i === 0 ? length : i - 1;
      if (i < length) this.#count(i, 1);
    }
    this.#ordered = 0;
    this.#highest = -1;
    this.#depth = 0;
    this.#stuckAt = 0;
    this.#deadEnds.clear();
  }

  /** The value to begin with; undefined: values were read that nobody wrote, and the beginning does not explain them. */
  #startValue(initial: number | null): number | undefined {
    const { length, isRead, value, values } = this.#history;
    const [written, read] = [new Uint8Array(values), new Uint8Array(values)];
    for (let i = 0; i < length; i++) (isRead[i] ? read : written)[value[i] as number] = 1;
    let unexplained: number | undefined;
    for (let v = 1; v < values; v++) {
      if (written[v] || !read[v] || v === initial) continue;
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
    let choices = 0;
    let first = -1;
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
      if (holds === DEAD && end !== Infinity && (this.#readsLeft[value[i] as number] as number) === 0) {
        this.#take(i);
        return true;
      }
      if (!this.#isWorthIt(i)) continue;
      choices++;
      if (first === -1 || end < (completed[first] as number)) first = i;
    }
    if (choices <= 1) return choices === 1 && this.#take(first);
    if (this.#deadEnds.size > 0 && this.#deadEnds.has(this.#state())) return false;
    this.#push(first);
    return this.#take(first);
  }

  /** A write that need not happen is worth it only for its reads, and not while the register holds its value. */
  #isWorthIt(write: number): boolean {
    const of = this.#history.value[write] as number;
    if (this.#history.completed[write] !== Infinity) return true;
    return (this.#readsLeft[of] as number) > 0 && of !== this.#holds;
  }

  /** Of the writes that may come next the one that must end first of those behind `tried`; -1: there is none. */
  #choiceBehind(tried: number): number {
    const { length, invoked, completed, isRead } = this.#history;
    const last = completed[tried] as number;
    let bound = Infinity;
    let first = -1;
    for (
      let i = this.#next[length] as number;
      i !== length && (invoked[i] as number) <= bound;
      i = this.#next[i] as number
    ) {
      const end = completed[i] as number;
      if (end < bound) bound = end;
      if (isRead[i] || end < last || (end === last && i <= tried) || !this.#isWorthIt(i)) continue;
      if (first === -1 || end < (completed[first] as number)) first = i;
    }
    return first;
  }

  #push(tried: number): void {
    const at = FRAME * this.#depth++;
    if (at === this.#frames.length) {
      const grown = new Int32Array(2 * at);
      grown.set(this.#frames);
      this.#frames = grown;
    }
    this.#frames[at] = this.#ordered;
    this.#frames[at + 1] = this.#holds;
    this.#frames[at + 2] = this.#highest;
    this.#frames[at + 3] = tried;
  }

  /** Undoes everything up to the last choice that leaves another way. False: there is none. */
  #turnBack(): boolean {
    if (this.#highest > this.#stuckAt) this.#stuckAt = this.#highest;
    for (; this.#depth > 0; this.#depth--) {
      const at = FRAME * (this.#depth - 1);
      while (this.#ordered > (this.#frames[at] as number)) this.#putBack(this.#order[--this.#ordered] as number);
      this.#holds = this.#frames[at + 1] as number;
      this.#highest = this.#frames[at + 2] as number;
      const choice = this.#choiceBehind(this.#frames[at + 3] as number);
      if (choice !== -1) {
        this.#frames[at + 3] = choice;
        return this.#take(choice);
      }
      if (this.#deadEnds.size < MOST_DEAD_ENDS) this.#deadEnds.add(this.#state());
    }
    return false;
  }

  #take(i: number): true {
    const next = this.#next[i] as number;
    const previous = this.#previous[i] as number;
    this.#next[previous] = next;
    this.#previous[next] = previous;
    this.#count(i, -1);
    this.#order[this.#ordered++] = i;
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
