import { Linearizer, type SearchBudget } from "./linearize.ts";
import { NO_VALUE, RegisterHistory } from "./register-history.ts";

/*
 *   where the search got stuck ──► what lies around it, wider and wider, until that has no order either
 *     ──► without half of the values ──► still none? ──► … ──► two values ──► without single reads ──► core
 *
 * A history that can be ordered can still be when a read, or a value with its write and all its reads, is left out of it.
 * So what still has no order after something was left out does not need it: the core is where nothing more can be.
 */

/** Operations around the place where the search got stuck, to begin with. */
const AROUND = 32;
/** What putting one operation into a part costs, in steps of the search. */
const COPYING = 4;

/** Rows that are left out or kept together. */
type Unit = readonly number[];

/**
 * The fewest operations of a history without an order that have none by themselves, as rows in order of invocation. When
 * the budget runs out, fewer are left out. Writes of NO_VALUE stay where a read of NO_VALUE does.
 */
export function minimalConflict(history: RegisterHistory, initial: number | null, budget: SearchBudget): number[] {
  return new Shrinking(history, initial, budget).core();
}

class Shrinking {
  readonly #history: RegisterHistory;
  readonly #initial: number | null;
  readonly #budget: SearchBudget;
  readonly #linearizer = new Linearizer();
  readonly #part = new RegisterHistory();

  constructor(history: RegisterHistory, initial: number | null, budget: SearchBudget) {
    this.#history = history;
    this.#initial = initial;
    this.#budget = budget;
  }

  core(): number[] {
    const { length, isRead, value } = this.#history;
    const rows = Array.from({ length }, (_, i) => i);
    const empties = rows.filter((i) => !isRead[i] && value[i] === NO_VALUE);
    const others = this.#unitsOf(rows.filter((i) => isRead[i] || value[i] !== NO_VALUE));
    const values = this.#fewest(this.#around(others, empties), empties).flat();
    const writes = values.filter((i) => !isRead[i]);
    const single = values.filter((i) => isRead[i]).map((i): Unit => [i]);
    const reads = this.#fewest(single, [...writes, ...empties]).flat();
    const kept = [...writes, ...reads];
    const readsNothing = reads.some((i) => value[i] === NO_VALUE);
    const needed = readsNothing
      ? empties
      : this.#fewest(
          empties.map((i): Unit => [i]),
          kept,
        ).flat();
    return [...kept, ...needed].sort((a, b) => a - b);
  }

  /** Each value with its write and its reads; each read of NO_VALUE by itself. Early ones first, to be left out first. */
  #unitsOf(rows: readonly number[]): Unit[] {
    const { value } = this.#history;
    const byValue = new Map<number, number[]>();
    const units: Unit[] = [];
    for (const i of rows) {
      const of = value[i] as number;
      const unit = of === NO_VALUE ? undefined : byValue.get(of);
      if (unit) unit.push(i);
      else {
        const begun = [i];
        units.push(begun);
        if (of !== NO_VALUE) byValue.set(of, begun);
      }
    }
    return units;
  }

  /** The units that lie around the place where the search of the whole gets stuck. */
  #around(units: readonly Unit[], always: readonly number[]): readonly Unit[] {
    if (!this.#hasNoOrder(units, always)) return units;
    const stuck = this.#linearizer.stuckAt;
    for (let width = AROUND; width < this.#history.length; width *= 4) {
      const near = units.filter((unit) => unit.some((i) => Math.abs(i - stuck) <= width));
      if (this.#hasNoOrder(near, always)) return near;
    }
    return units;
  }

  /** Leaves out halves, then quarters, …, then single units as long as the rest has no order together with `always`. */
  #fewest(units: readonly Unit[], always: readonly number[]): readonly Unit[] {
    let kept = units;
    for (let size = Math.ceil(kept.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let at = 0; at < kept.length && this.#budget.steps > 0; ) {
        const rest = [...kept.slice(0, at), ...kept.slice(at + size)];
        if (this.#hasNoOrder(rest, always)) kept = rest;
        else at += size;
      }
    }
    return kept;
  }

  #hasNoOrder(units: readonly Unit[], always: readonly number[]): boolean {
    const { invoked, completed, isRead, value } = this.#history;
    const rows = [...units.flat(), ...always].sort((a, b) => a - b);
    this.#budget.steps -= COPYING * rows.length;
    this.#part.clear();
    for (const i of rows) {
      this.#part.add(invoked[i] as number, completed[i] as number, isRead[i] === 1, value[i] as number);
    }
    return this.#linearizer.judge(this.#part, this.#initial, this.#budget) === "no";
  }
}
