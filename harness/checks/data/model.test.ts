import assert from "node:assert/strict";
import { DEADLINE_COMMANDS } from "../../journal/time-to-live.ts";
import type { Bug } from "../../testing/data-model/bugs.support.ts";
import { type ModelOptions, runModel } from "../../testing/data-model/store.support.ts";
import { fixture } from "../../testing/record-fixture.support.ts";
import type { Check, CheckResult } from "../check.ts";
import { flushOrder } from "./flush-order.ts";
import { linearizable } from "./linearizable.ts";
import { noLostWrites } from "./no-lost-writes.ts";
import { perKeyOrder } from "./per-key-order.ts";

/*
 * The judges are judged: a store that does what an asynchronously replicated store may do is never accused, and one that
 * does not is always caught, whatever the seed.
 */

const CHECKS: readonly Check[] = [flushOrder, noLostWrites, perKeyOrder, linearizable];
const SEEDS = Array.from({ length: 100 }, (_, i) => i + 1);
const SMALL = { operations: 3_000, cells: 200, clients: 8, reads: 0.4, flushes: 4 };
/** An unanswered flush may come at any time: what it took along nobody can call lost. */
const ANSWERED = { ...SMALL, answersFlushes: true };
/** Half of the deadlines come within the run, some of the others before its end. */
const EXPIRING = {
  ...SMALL,
  ttl: { of: { min: 110, max: 80_000 }, share: 0.6, by: [...DEADLINE_COMMANDS] },
};
const SHORT_LIVED = { ...SMALL, ttl: { of: { min: 110, max: 400 }, share: 0.6, by: [...DEADLINE_COMMANDS] } };
/** Over twenty thousand writes, nearly all of which are the last to their key: one that is dropped can be missed. */
const LARGE = { operations: 22_000, cells: 1_000_000, clients: 16, reads: 0.05, flushes: 0 };

function judge(options: ModelOptions, checks: readonly Check[] = CHECKS, losses: "none" | "any" | null = null) {
  const { load, events, struck, lost } = runModel(options);
  const names = checks.map(({ name }) => name);
  const record = fixture(events, {
    history: [load],
    without: ["topology", "node-state"],
    checks: names,
    experiment: { losses },
  });
  const results = checks.map((check): [string, CheckResult] => [check.name, check.check(record)]);
  return { results, struck, lost, findings: results.flatMap(([, { findings }]) => findings) };
}

function told(results: readonly [string, CheckResult][]): string {
  return JSON.stringify(results.map(([name, { valid, why, findings }]) => [name, valid, why, findings[0]?.proof]));
}

describe("the data checks on a model of a replicated store", function () {
  // Nothing here waits for anything: however slow the machine is, it only computes.
  this.timeout(900_000);

  for (const [what, more] of [
    ["that only replicates", {}],
    ["whose master is replaced", { promotes: true }],
    ["whose master is killed", { kills: true }],
    ["whose master is replaced, and then the new one killed", { promotes: true, kills: true }],
    ["whose keys expire", EXPIRING],
    ["whose keys expire soon", SHORT_LIVED],
    ["whose keys expire, whose master is replaced and killed", { ...SHORT_LIVED, promotes: true, kills: true }],
  ] as const) {
    it(`never accuse a right one ${what}, in 100 runs`, () => {
      for (const seed of SEEDS) {
        const { results } = judge({ seed: `${seed}`, ...SMALL, ...more });
        for (const [, { valid }] of results) assert.equal(valid, true, `seed ${seed}: ${told(results)}`);
      }
    });
  }

  const bugs: [Bug, string, Omit<ModelOptions, "seed" | "bug">, RegExp, Check[]?][] = [
    [
      "drop-write",
      "that drops one write in 10 000",
      LARGE,
      /lost-write|not-linearizable/,
      [noLostWrites, linearizable],
    ],
    ["drop-on-replica", "whose replica drops one write in 10 000", LARGE, /lost-write/, [noLostWrites]],
    ["resurrect", "that brings one flushed key back", SMALL, /resurrected-key/],
    ["flush-late", "whose replica carries one flush out too late", ANSWERED, /lost-write/],
    [
      "expire-early",
      "whose replica loses a key before its deadline",
      { ...EXPIRING, flushes: 0 },
      /lost-write/,
      [noLostWrites],
    ],
    [
      "expire-never",
      "whose replica keeps a key that expired",
      { ...SHORT_LIVED, flushes: 0 },
      /resurrected-key/,
      [noLostWrites],
    ],
    ["flush-early", "whose replica carries one flush out too early", ANSWERED, /resurrected-key/],
  ];
  for (const [bug, what, options, expected, checks] of bugs) {
    it(`always catch one ${what}, in 100 runs`, () => {
      for (const seed of SEEDS) {
        const { findings, struck, results } = judge({ seed: `${seed}`, ...options, bug }, checks);
        assert.notDeepEqual(struck, [], `seed ${seed}: the bug had no opportunity`);
        const types = findings.map(({ type }) => type);
        assert.ok(
          types.some((type) => expected.test(type)),
          `seed ${seed}, ${JSON.stringify(struck)}: ${told(results)}`,
        );
        // And nobody else is accused.
        const guilty = new Set(struck.map(({ cell }) => `model:${cell}`));
        const accused = findings.flatMap(({ detail }) => detail?.cells as { key: string }[]).map(({ key }) => key);
        if (!guilty.has("model:null"))
          assert.ok(
            accused.every((key) => guilty.has(key)),
            `seed ${seed}: ${accused}`,
          );
      }
    });
  }

  const LOSING = { ...SMALL, flushes: 0, kills: true, promotes: true };
  const counted = (options: ModelOptions, losses: "none" | "any" | null) => {
    const { results, findings, lost } = judge(options, [noLostWrites], losses);
    const count = results[0]?.[1].losses?.[0];
    assert.ok(count && count.lost !== null && count.excused !== null, told(results));
    return {
      count: { ...count, lost: count.lost, excused: count.excused },
      types: findings.map(({ type }) => type),
      lost,
    };
  };

  it("count no write as lost that is not, and most of those that are, in 100 runs", () => {
    let [told, really] = [0, 0];
    for (const seed of SEEDS) {
      const { count, lost, types } = counted({ seed: `${seed}`, ...LOSING }, null);
      assert.deepEqual(types, []);
      assert.ok(count.lost <= lost, `seed ${seed}: ${count.lost} counted, ${lost} lost`);
      assert.ok(count.excused <= count.allowed && count.allowed <= count.acknowledged);
      told += count.lost;
      really += lost;
    }
    assert.ok(told > really / 2, `${told} of ${really}`);
    for (const seed of SEEDS) assert.equal(counted({ seed: `${seed}`, ...SMALL }, null).count.lost, 0, `seed ${seed}`);
  });

  it("find every lost write where none is allowed, none where any is, and never accuse one that lost nothing", () => {
    for (const seed of SEEDS) {
      const strict = counted({ seed: `${seed}`, ...LOSING }, "none");
      assert.deepEqual([strict.count.allowed, strict.count.excused], [0, 0]);
      assert.equal(strict.types.length > 0, strict.count.lost > 0, `seed ${seed}`);
      assert.ok(strict.count.lost > 0, `seed ${seed}: a snapshot of half a second before loses something`);
      assert.ok(
        strict.types.every((type) => /lost-write|resurrected-key/.test(type)),
        strict.types.join(),
      );
      const any = counted({ seed: `${seed}`, ...LOSING }, "any");
      assert.deepEqual([any.types, any.count.excused], [[], strict.count.lost], `seed ${seed}`);
      assert.equal(any.count.allowed, any.count.acknowledged);
      assert.deepEqual(counted({ seed: `${seed}`, ...SMALL }, "none").types, [], `seed ${seed}`);
    }
  });
});
