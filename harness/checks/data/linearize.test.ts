import assert from "node:assert/strict";
import fc from "fast-check";
import { Linearizer } from "./linearize.ts";
import { minimalConflict } from "./minimal-conflict.ts";
import { NO_VALUE, RegisterHistory } from "./register-history.ts";

interface Op {
  from: number;
  to: number;
  read: boolean;
  value: number;
}

const enough = () => ({ steps: 1e7 });
const write = (value: number, from: number, to: number): Op => ({ from, to, read: false, value });
const read = (value: number, from: number, to: number): Op => ({ from, to, read: true, value });

function historyOf(ops: readonly Op[]): RegisterHistory {
  const history = new RegisterHistory();
  for (const { from, to, read: isRead, value } of [...ops].sort((a, b) => a.from - b.from))
    history.add(from, to, isRead, value);
  return history;
}

const judge = (ops: readonly Op[], initial: number | null = NO_VALUE) =>
  new Linearizer().judge(historyOf(ops), initial, enough());

/** Every order of every choice of the writes that need not have happened. */
function bruteForce(ops: readonly Op[], initial: number | null): boolean {
  const search = (left: readonly Op[], holds: number | null): boolean => {
    if (left.every(({ to }) => to === Infinity)) return true;
    const bound = Math.min(...left.map(({ to }) => to));
    return left.some((op, i) => {
      if (op.from > bound || (op.read && op.value !== holds)) return false;
      return search([...left.slice(0, i), ...left.slice(i + 1)], op.value);
    });
  };
  const starts = initial === null ? [...new Set([NO_VALUE, ...ops.map(({ value }) => value)])] : [initial];
  // A value is written at most once: what the register begins with is no write's.
  const written = new Set(ops.filter((op) => !op.read && op.value !== NO_VALUE).map(({ value }) => value));
  return starts.some((start) => !written.has(start) && search(ops, start));
}

/** Few moments and few values: everything overlaps, touches and repeats. */
const tinyHistory = fc
  .array(fc.record({ from: fc.nat(9), length: fc.nat(5), read: fc.boolean(), value: fc.nat(4), open: fc.nat(4) }), {
    maxLength: 7,
  })
  .map((drawn) => {
    const written = new Set<number>();
    return drawn.map(({ from, length, read: isRead, value, open }): Op => {
      const again = !isRead && value !== NO_VALUE && written.has(value);
      if (!isRead) written.add(value);
      const asRead = isRead || again;
      return { from, to: !asRead && open === 0 ? Infinity : from + length, read: asRead, value };
    });
  });

describe("the search for an order", () => {
  it("finds the order that one operation after another has", () => {
    assert.equal(judge([write(1, 0, 1), read(1, 2, 3), write(2, 4, 5), read(2, 6, 7)]), "yes");
    assert.equal(judge([read(NO_VALUE, 0, 1), write(1, 2, 3), write(NO_VALUE, 4, 5), read(NO_VALUE, 6, 7)]), "yes");
  });

  it("finds none when a read missed a write, went back, or saw what was to come", () => {
    assert.equal(judge([write(1, 0, 1), read(NO_VALUE, 2, 3)]), "no");
    assert.equal(judge([write(1, 0, 1), write(2, 0, 9), read(2, 2, 3), read(1, 4, 5)]), "no");
    assert.equal(judge([read(1, 0, 1), write(1, 2, 3)]), "no");
  });

  it("lets operations that overlap come in any order, and those that touch, too", () => {
    assert.equal(judge([write(1, 0, 9), write(2, 0, 9), read(2, 1, 2), read(1, 3, 4)]), "yes");
    assert.equal(judge([write(1, 0, 2), read(NO_VALUE, 2, 3)]), "yes");
  });

  it("lets a write without an answer come late or never, but not twice", () => {
    const late = write(1, 0, Infinity);
    assert.equal(judge([late, read(NO_VALUE, 5, 6)]), "yes");
    assert.equal(judge([late, read(NO_VALUE, 5, 6), read(1, 7, 8)]), "yes");
    assert.equal(judge([late, read(1, 5, 6), read(NO_VALUE, 7, 8)]), "no");
  });

  it("takes one unknown value to begin with, not two", () => {
    assert.equal(judge([read(1, 0, 1), write(2, 2, 3), read(2, 4, 5)], null), "yes");
    assert.equal(judge([read(1, 0, 1), read(2, 2, 3)], null), "no");
    assert.equal(judge([read(1, 0, 1)], NO_VALUE), "no");
  });

  it("says the same as trying every order does", () => {
    fc.assert(
      fc.property(tinyHistory, fc.constantFrom(NO_VALUE, null), (ops, initial) => {
        const expected = bruteForce(ops, initial) ? "yes" : "no";
        assert.equal(judge(ops, initial), expected);
        assert.equal(new Linearizer().search(historyOf(ops), initial, enough()), expected);
      }),
      { numRuns: 5000, seed: 4 },
    );
  });

  it("names the fewest operations that have no order: none can be spared, and they have none", () => {
    let seen = 0;
    fc.assert(
      fc.property(tinyHistory, fc.constantFrom(NO_VALUE, null), (ops, initial) => {
        const history = historyOf(ops);
        if (new Linearizer().judge(history, initial, enough()) !== "no") return;
        seen++;
        const rows = [...ops].sort((a, b) => a.from - b.from);
        const core = minimalConflict(history, initial, enough()).map((i) => rows[i] as Op);
        assert.equal(bruteForce(core, initial), false);
        // The same where the search gives up at once, and zones have to do.
        const byZones = minimalConflict(history, initial, enough(), 0).map((i) => rows[i] as Op);
        assert.equal(bruteForce(byZones, initial), false);
        for (const spared of core.filter((op) => op.read)) {
          assert.equal(
            bruteForce(
              core.filter((op) => op !== spared),
              initial,
            ),
            true,
          );
        }
      }),
      { numRuns: 2000, seed: 4 },
    );
    assert.ok(seen > 500, `only ${seen} histories without an order`);
  });

  it("says that it does not know when its budget runs out, always at the same step", () => {
    // Twelve writers, readers and flushes at once, and then reads that no order explains.
    const ops = [read(1, 2000, 2001), read(2, 2002, 2003)];
    for (let i = 0; i < 12; i++) {
      ops.push(write(i + 1, i, 1000 + i), read(i + 1, i + 0.3, 900 + i));
      ops.push(write(NO_VALUE, i + 0.5, 1000 + i), read(NO_VALUE, i + 0.6, 950));
    }
    const history = historyOf(ops);
    const within = (steps: number, share?: number) => {
      const budget = { steps };
      return [new Linearizer().search(history, NO_VALUE, budget, share), budget.steps];
    };
    assert.equal(within(1e7)[0], "no");
    assert.equal(within(1000)[0], "unknown");
    assert.deepEqual(within(1000), within(1000));
    assert.equal(within(1e7, 20)[0], "unknown", "more than its share");
  });

  it("needs no step where values are written once, or zones contradict each other, whatever overlaps", () => {
    const ops: Op[] = [];
    for (let i = 1; i <= 100; i++) ops.push(write(i, i, 1000 + i), read(i, i + 0.5, 900 + i));
    const without = (more: Op[]) => new Linearizer().judge(historyOf([...ops, ...more]), NO_VALUE, { steps: 0 });
    assert.equal(without([]), "yes");
    assert.equal(without([read(50, 2000, 2001), read(51, 2002, 2003)]), "no");
    assert.equal(without([write(NO_VALUE, 1200, 1300)]), "unknown");
    assert.equal(without([write(NO_VALUE, 1200, 1300), read(50, 1400, 1500)]), "no");
  });

  it("needs few steps for a long history, and to name the one contradiction in it", () => {
    const ops: Op[] = [];
    for (let i = 1; i <= 20_000; i++) ops.push(write(i, i * 10, i * 10 + 12), read(i, i * 10 + 13, i * 10 + 14));
    const budget = enough();
    assert.equal(new Linearizer().search(historyOf(ops), NO_VALUE, budget), "yes");
    assert.ok(1e7 - budget.steps < 200_000, `${1e7 - budget.steps} steps`);
    const stale = [...ops, read(9000, 150_000.5, 150_001)];
    const sorted = [...stale].sort((a, b) => a.from - b.from);
    const core = minimalConflict(historyOf(stale), NO_VALUE, enough()).map((i) => sorted[i] as Op);
    assert.ok(core.length <= 4, JSON.stringify(core));
    assert.ok(core.some((op) => op.from === 150_000.5));
  });
});
