import { groupBy } from "../../base/group-by.ts";
import { Linearizer, type SearchBudget } from "./linearize.ts";
import { NO_VALUE, RegisterHistory } from "./register-history.ts";

/*
 *   where the search got stuck ──► what lies around it, wider and wider, until that has no order either
 *     ──► without half of the values ──► still none? ──► … ──► two values ──► without single reads ──► core
 *
 * A history that can be ordered can still be when a read, or a value with its write and all its reads, is left out of it.
 * So what still has no order after something was left out does not need it: the core is where nothing more can be.
 * Where the search gives the whole up, zones say what cannot be left out; what they leave is small enough for the search.
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
 * @param share steps that the search may spend on the whole, for each operation
 */
export function minimalConflict(
  history: RegisterHistory,
  initial: number | null,
  budget: SearchBudget,
  share = Infinity,
): number[] {
  const { length, invoked, completed, isRead, value } = history;
  const linearizer = new Linearizer();
  const part = new RegisterHistory();
  let byZones = false;
  let stuck = -1;

  const hasNoOrder = (units: readonly Unit[], always: readonly number[], most = Infinity): boolean => {
    const rows = [...units.flat(), ...always].sort((a, b) => a - b);
    budget.steps -= COPYING * rows.length;
    part.clear();
    for (const i of rows) {
      part.add(invoked[i] as number, completed[i] as number, isRead[i] === 1, value[i] as number);
    }
    if (byZones) {
      stuck = linearizer.conflict(part, initial);
      return stuck !== -1;
    }
    const hasNone = linearizer.search(part, initial, budget, most) === "no";
    stuck = linearizer.stuckAt;
    return hasNone;
  };

  /** The units that lie around the place where the search of the whole gets stuck. */
  const around = (units: readonly Unit[], always: readonly number[]): readonly Unit[] => {
    if (!hasNoOrder(units, always, share)) {
      byZones = true;
      if (!hasNoOrder(units, always)) return units;
    }
    const place = stuck;
    for (let width = AROUND; width < length; width *= 4) {
      const near = units.filter((unit) => unit.some((i) => Math.abs(i - place) <= width));
      if (hasNoOrder(near, always)) return near;
    }
    return units;
  };

  /** Leaves out halves, then quarters, …, then single units as long as the rest has no order together with `always`. */
  const fewest = (units: readonly Unit[], always: readonly number[]): number[] => {
    let kept = units;
    for (let size = Math.ceil(kept.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let at = 0; at < kept.length && budget.steps > 0; ) {
        const rest = [...kept.slice(0, at), ...kept.slice(at + size)];
        if (hasNoOrder(rest, always)) kept = rest;
        else at += size;
      }
    }
    return kept.flat();
  };

  const rows = Array.from({ length }, (_, i) => i);
  const empties = rows.filter((i) => !isRead[i] && value[i] === NO_VALUE);
  const others = unitsOf(
    history,
    rows.filter((i) => isRead[i] || value[i] !== NO_VALUE),
  );
  let values = fewest(around(others, empties), empties);
  if (byZones) {
    byZones = false;
    values = fewest(unitsOf(history, values), empties);
  }
  const writes = values.filter((i) => !isRead[i]);
  const reads = fewest(singly(values.filter((i) => isRead[i])), [...writes, ...empties]);
  const kept = [...writes, ...reads];
  const readsNothing = reads.some((i) => value[i] === NO_VALUE);
  const needed = readsNothing ? empties : fewest(singly(empties), kept);
  return [...kept, ...needed].sort((a, b) => a - b);
}

function singly(rows: readonly number[]): Unit[] {
  return rows.map((row) => [row]);
}

/** Each value with its write and its reads; each read of NO_VALUE by itself. Early ones first, to be left out first. */
function unitsOf({ value }: RegisterHistory, rows: readonly number[]): Unit[] {
  const units = groupBy(rows, (i) => (value[i] === NO_VALUE ? `read ${i}` : `${value[i]}`));
  return [...units.values()];
}
