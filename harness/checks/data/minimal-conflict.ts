import { type Budget, Linearizer } from "./linearize.ts";
import { NO_VALUE, RegisterHistory } from "./register-history.ts";

/*
 *   all operations ──► without half of the values ──► still no order? ──► … ──► two values ──► without single reads ──► core
 *
 * A history that can be ordered can still be when a read, or a value with its write and all its reads, is left out of it.
 * So what still has no order after something was left out does not need it: the core is where nothing more can be.
 */

/** Rows that are left out or kept together. */
type Unit = readonly number[];

/**
 * The fewest operations of a history without an order that have none by themselves, as rows in order of invocation. When
 * the budget runs out, fewer are left out. Writes of NO_VALUE stay where a read of NO_VALUE does.
 */
export function minimalConflict(history: RegisterHistory, initial: number | null, budget: Budget): number[] {
  const linearizer = new Linearizer();
  const part = new RegisterHistory();
  const hasNoOrder = (rows: readonly number[]): boolean => {
    part.clear();
    for (const i of [...rows].sort((a, b) => a - b)) {
      part.add(history.invoked[i]!, history.completed[i]!, history.isRead[i] === 1, history.value[i]!);
    }
    return linearizer.judge(part, initial, budget) === "no";
  };
  const rows = Array.from({ length: history.length }, (_, i) => i);
  const isEmptying = (i: number) => !history.isRead[i] && history.value[i] === NO_VALUE;
  const emptyings = rows.filter(isEmptying);
  const whole = unitsOf(
    history,
    rows.filter((i) => !isEmptying(i)),
  );
  const values = fewest(whole, (units) => hasNoOrder([...units.flat(), ...emptyings]));
  const writes = values.flat().filter((i) => !history.isRead[i]);
  const single = values
    .flat()
    .filter((i) => history.isRead[i])
    .map((i): Unit => [i]);
  const reads = fewest(single, (units) => hasNoOrder([...units.flat(), ...writes, ...emptyings])).flat();
  const kept = [...writes, ...reads];
  const readsNothing = reads.some((i) => history.value[i] === NO_VALUE);
  const empties = readsNothing
    ? emptyings
    : fewest(
        emptyings.map((i): Unit => [i]),
        (units) => hasNoOrder([...kept, ...units.flat()]),
      ).flat();
  return [...kept, ...empties].sort((a, b) => a - b);
}

/** Each value with its write and its reads; each read of NO_VALUE by itself. */
function unitsOf({ value }: RegisterHistory, rows: readonly number[]): Unit[] {
  const byValue = new Map<number, number[]>();
  const units: Unit[] = [];
  for (const i of rows) {
    const of = value[i] as number;
    if (of === NO_VALUE) units.push([i]);
    else byValue.set(of, [...(byValue.get(of) ?? []), i]);
  }
  return [...units, ...byValue.values()];
}

/** Leaves out halves, then quarters, …, then single units as long as `fails` stays true of the rest. */
function fewest(units: readonly Unit[], fails: (units: readonly Unit[]) => boolean): Unit[] {
  let kept = [...units];
  for (let size = Math.ceil(kept.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < kept.length; ) {
      const rest = [...kept.slice(0, at), ...kept.slice(at + size)];
      if (fails(rest)) kept = rest;
      else at += size;
    }
  }
  return kept;
}
