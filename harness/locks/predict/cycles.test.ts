import assert from "node:assert/strict";
import fc from "fast-check";
import { everyCycle } from "../../testing/locks/every-cycle.support.ts";
import { graphOf } from "../../testing/locks/lock-graph.support.ts";
import type { Dependency, LockGraph, LockThread, LockUse } from "../graph.ts";
import { findCycles } from "./cycles.ts";

function use(lock: string, exclusive: boolean): LockUse {
  const kind = lock.startsWith("thread") ? "thread" : "rwlock";
  return { lock, kind, mode: exclusive || kind === "thread" ? "exclusive" : "shared", site: 0 };
}

const THREADS = 4;
const LOCKS = ["A", "B", "C"];
const ENDS = ["thread 2", "thread 3"];

const thread = (number: number) =>
  fc
    .record({
      parent: fc.integer({ min: 0, max: number - 1 }),
      parentEpoch: fc.integer({ min: 0, max: 2 }),
      // Only threads made earlier join, after they started: no circles in time.
      joined: fc.boolean(),
      joinedEpoch: fc.integer({ min: 1, max: 3 }),
      name: fc.constantFrom("w-1", "w-2", "x"),
      routine: fc.constantFrom(1, 2),
      within: fc.array(fc.tuple(fc.constantFrom(...LOCKS), fc.boolean()), { maxLength: 1 }),
    })
    .map(
      ({ parent, parentEpoch, joined, joinedEpoch, name, routine, within }): LockThread => ({
        number,
        tid: number,
        name,
        routine,
        parent,
        parentEpoch,
        joinedBy: joined ? parent : 0,
        joinedEpoch: joined ? Math.max(joinedEpoch, parentEpoch + 1) : 0,
        within: within.map(([lock, exclusive]) => use(lock, exclusive)),
      }),
    );

const dependency = fc
  .record({
    thread: fc.constantFrom("w-1", "w-2", "x"),
    by: fc.uniqueArray(
      fc.record({
        thread: fc.integer({ min: 1, max: THREADS }),
        from: fc.integer({ min: 0, max: 3 }),
        more: fc.nat(1),
      }),
      { minLength: 1, maxLength: 2, selector: ({ thread: number }) => number },
    ),
    many: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
    wants: fc.tuple(fc.constantFrom(...LOCKS, ...LOCKS, ...ENDS), fc.boolean()),
    holds: fc.uniqueArray(fc.tuple(fc.constantFrom(...LOCKS), fc.boolean()), {
      maxLength: 2,
      selector: ([lock]) => lock,
    }),
    prefersWriter: fc.boolean(),
    cut: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  })
  .map(
    ({ by, wants, holds, ...rest }): Dependency => ({
      ...rest,
      by: by.map(({ thread: number, from, more }) => ({ thread: number, from, to: from + more })),
      wants: use(...wants),
      holds: holds.filter(([lock]) => lock !== wants[0]).map(([lock, exclusive]) => use(lock, exclusive)),
      itself: false,
      waited: false,
      count: 1,
      at: [],
      stack: null,
    }),
  );

const graphs = fc
  .tuple(
    fc.tuple(...Array.from({ length: THREADS }, (_, i) => thread(i + 1))),
    fc.array(dependency, { minLength: 2, maxLength: 8 }),
  )
  .map(([threads, dependencies]) => graphOf(threads, dependencies));

function found({ dependencies, ...graph }: LockGraph): { cycles: string[]; complete: boolean } {
  const cycles: string[] = [];
  const complete = findCycles({ dependencies, ...graph }, ({ sides, writers }) => {
    const numbers = sides.map((side) => dependencies.indexOf(side.dependency));
    const first = numbers.indexOf(Math.min(...numbers));
    const turned = [...numbers.slice(first), ...numbers.slice(0, first)];
    cycles.push(turned.join(" ") + (writers.length > 0 ? " and a writer" : ""));
  });
  return { cycles: cycles.sort(), complete };
}

/** Many locks, each dependency taking any of them in any order. @param seed of what is drawn */
function wild(count: number, locks: number, seed: number): LockGraph {
  let state = seed;
  const draw = (most: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  };
  const threads = Array.from({ length: 50 }, (_, i) => ({
    number: i + 1,
    tid: i + 1,
    name: `w-${i}`,
    routine: 0,
    parent: 0,
    parentEpoch: 0,
    joinedBy: 0,
    joinedEpoch: 0,
    within: [],
  }));
  const dependencies = Array.from({ length: count }, (_, i): Dependency => {
    const [wants, ...holds] = new Set(Array.from({ length: 1 + draw(4) }, () => `L${draw(locks)}`));
    return {
      thread: "w",
      by: [{ thread: 1 + draw(50), from: 0, to: 0 }],
      many: draw(10) === 0,
      wants: { ...use(wants ?? "L0", true), site: i },
      holds: holds.map((lock) => use(lock, draw(2) === 0)),
      prefersWriter: false,
      itself: false,
      cut: false,
      waited: false,
      count: 1,
      at: [],
      stack: null,
    };
  });
  return graphOf(threads, dependencies);
}

describe("the search for cycles", () => {
  it("finds in small graphs what a search by brute force finds, and nothing else", () => {
    let cycles = 0;
    fc.assert(
      fc.property(graphs, (graph) => {
        const own = found(graph);
        assert.deepEqual(own, { cycles: everyCycle(graph).sort(), complete: true });
        cycles += own.cycles.length;
      }),
      { numRuns: 3000 },
    );
    assert.ok(cycles > 200, `only ${cycles} cycles: the graphs are too tame to say anything`);
  });

  it("ends on a large graph in which everything hangs together, and says that there is more", () => {
    const { complete, cycles } = found(wild(65_536, 3000, 1));
    assert.equal(complete, false);
    assert.ok(cycles.length > 0);
  });

  it("is complete on a large graph whose locks are always taken in one order", () => {
    const { dependencies, threads } = wild(65_536, 3000, 2);
    const number = ({ lock }: LockUse): number => Number(lock.slice(1));
    const ordered = dependencies.map((one): Dependency => {
      const [last, ...others] = [one.wants, ...one.holds].sort((a, b) => number(b) - number(a));
      return { ...one, wants: last ?? one.wants, holds: others };
    });
    assert.deepEqual(found(graphOf([...threads.values()], ordered)), { cycles: [], complete: true });
  });

  it("is complete on a large graph whose locks are taken in any order under one that keeps all apart", () => {
    const { dependencies, threads } = wild(3000, 3000, 3);
    const gated = dependencies.map((one) => ({ ...one, holds: [use("gate", true), ...one.holds] }));
    assert.deepEqual(found(graphOf([...threads.values()], gated)), { cycles: [], complete: true });
  });
});
