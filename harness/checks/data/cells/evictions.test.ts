import assert from "node:assert/strict";
import type { JournalEvent, NodeState } from "../../../journal/events.ts";
import type { CellShape } from "../../../journal/history.ts";
import { buildHistory, type OperationRow } from "../../../testing/build-history.support.ts";
import { event, fixture, nodeState } from "../../../testing/record-fixture.support.ts";
import { linearizable } from "../linearizable.ts";
import { allOrNothing } from "../models/all-or-nothing.ts";
import { counts } from "../models/counts.ts";
import { noLostWrites } from "../no-lost-writes.ts";
import { perKeyOrder } from "../per-key-order.ts";

/** Sent at `t`, answered 10 ms later. */
const at = (t: number, value: number, kind: OperationRow["kind"] = "write"): OperationRow => ({
  ...{ cell: 0, kind, outcome: "ok", invoked: t, completed: t + 10, value, node: "m1" },
});

/** What m1 says at `t`. */
function look(t: number, evictions?: NodeState["evictions"]): JournalEvent {
  return { type: "node-state", t, node: "m1", state: nodeState(evictions ? { evictions } : {}) };
}

const dies = (t: number) => event("container", t, { node: "m1", action: "die", exitCode: 137 });
const some = (keys: number) => ({ of: "any-key", keys }) as const;
/** v1 is written at 20 s and read; at 30 s there is nothing, and so it is in the end. */
const GONE = [at(20_000, 1), at(21_000, 1, "read"), at(30_000, 0, "read")];

function judge(events: readonly JournalEvent[], operations = GONE, type: CellShape["type"] = "string", last = 0) {
  const shape = { type, prefix: "k:", keys: 1, elements: 1 } as const;
  const final = ["m1", "r1"].map((node) => ({ ...at(52_000, last, "read"), node }));
  const load = buildHistory({ load: "l", shape, nodes: ["m1", "r1"], operations, final });
  const checks = [noLostWrites, perKeyOrder, linearizable, counts, allOrNothing];
  const record = fixture(events, { history: [load], checks: checks.map(({ name }) => name) });
  const results = checks.map((check) => check.check(record));
  const [lost, order, register] = results.map(
    ({ findings }) => findings.map((one) => `${one.type}/${one.class}`)[0] ?? "",
  );
  return { found: [lost, order, register], results, lost: results[0] };
}

const ACCUSED = ["lost-write/lost", "stale-read/went-back", "not-linearizable/register"];
const EXCUSED = ["", "", ""];

describe("values that a server drops because its memory is full", () => {
  it("accuses a server that drops nothing, or did so only after the value had gone", () => {
    assert.deepEqual(judge([look(15_000), look(25_000), look(51_000)]).found, ACCUSED);
    assert.deepEqual(judge([look(15_000, some(0)), look(51_000, some(0))]).found, ACCUSED);
    const late = judge([look(15_000, some(0)), look(31_000, some(0)), look(51_000, some(3))]);
    assert.deepEqual(late.found.slice(1), ACCUSED.slice(1));
  });

  it("accuses none whose look before or after the value had gone told of dropped keys, and says so", () => {
    const { found, lost } = judge([look(15_000, some(0)), look(31_000, some(31))]);
    assert.deepEqual([found, lost?.valid], [EXCUSED, true]);
    assert.match(
      lost?.why ?? "",
      /l: m1 dropped 31 keys or more, as maxmemory-policy allows it: that a value is gone is no finding/,
    );
    assert.deepEqual(judge([look(31_000, some(31))]).found, EXCUSED);
  });

  it("accuses none that ended before anybody could look again", () => {
    const { found, lost } = judge([look(15_000, some(0)), dies(31_000), look(35_000)]);
    assert.deepEqual(found.slice(1), EXCUSED.slice(1));
    assert.match(lost?.why ?? "", /m1 may have dropped keys before it ended/);
    assert.match(judge([look(15_000, some(0)), dies(31_000)]).lost?.why ?? "", /may have dropped/);
    // It could not have.
    assert.doesNotMatch(judge([look(15_000), dies(31_000)]).lost?.why ?? "", /dropped/);
  });

  it("does not take the dropping of keys with deadlines for one of keys without", () => {
    assert.deepEqual(judge([look(15_000, { of: "keys-with-deadlines", keys: 9 })]).found, ACCUSED);
  });

  it("still accuses of an older value, which nothing drops into place", () => {
    const older = [at(20_000, 1), at(21_000, 2), at(22_000, 2, "read"), at(30_000, 1, "read")];
    assert.deepEqual(judge([look(15_000, some(9))], older, "string", 1).found, [
      "lost-write/stale",
      ...ACCUSED.slice(1),
    ]);
  });

  it("does not judge what one dropped key makes wrong for good: counters, groups", () => {
    for (const [type, index] of [
      ["counter", 3],
      ["group", 4],
    ] as const) {
      const { valid, why, findings } = judge([look(31_000, some(31))], GONE, type).results[index] ?? {};
      assert.deepEqual([valid, findings], ["unknown", []], type);
      assert.match(why ?? "", /m1 dropped 31 keys or more, .*: what is left of l is not known/);
    }
  });
});
