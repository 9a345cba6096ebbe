import assert from "node:assert/strict";
import { appendFile, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { ChaosError } from "../base/chaos-error.ts";
import type { EventOf, JournalEvent } from "../journal/events.ts";
import { type CellShape, type LoadHistory, NOT_ASKED, type Operations } from "../journal/history.ts";
import { recordOf } from "../journal/record.ts";
import { buildHistory, type OperationRow } from "../testing/build-history.support.ts";
import { finalFile, type OperationFields, operationsFile, RECORD_BYTES } from "./format.ts";
import { readHistory, readRun } from "./read-history.ts";
import { touchedCells } from "./read-operations.ts";
import { HistoryWriter } from "./writer.ts";

const SHAPE: CellShape = { type: "zset", prefix: "z:", keys: 10, elements: 5 };
const NODES = ["m1", "r1"];
const WRITE: OperationFields = {
  cell: 3,
  kind: 0,
  outcome: 0,
  replicas: NOT_ASKED,
  client: 1,
  node: 0,
  invoked: 10,
  completed: 11,
  value: 1,
};
const READ = { ...WRITE, kind: 1 };

describe("a recorded history", function () {
  this.timeout(600_000); // much work for a busy machine

  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), "kvchaos-history-"));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const at = (file: string) => path.join(directory, file);

  async function write(file: string, operations: readonly OperationFields[], foreign: string[] = []): Promise<number> {
    const writer = HistoryWriter.open(at(file));
    for (const text of foreign) writer.foreign(text);
    for (const operation of operations) writer.add(operation);
    const end = await writer.close();
    assert.equal(end.failure, null);
    return end.operations;
  }

  /** The journal's words about files: how many operations each holds; null: it was begun and nothing says how it ended. */
  function events(files: Record<string, number | null>, load = "l"): JournalEvent[] {
    return Object.entries(files).flatMap(([file, operations]): JournalEvent[] => {
      const event = (step: "begin" | "end"): EventOf<"history"> => ({
        ...{ type: "history", t: 0, step, load, shape: SHAPE, nodes: NODES },
        files: [{ file, final: file === finalFile(load), operations: step === "end" ? operations : null }],
      });
      return operations === null ? [event("begin")] : [event("begin"), event("end")];
    });
  }

  async function read(files: Record<string, number | null>): Promise<LoadHistory> {
    const [history, ...others] = await readHistory(directory, recordOf(events(files)));
    assert.ok(history && others.length === 0);
    return history;
  }

  const first = operationsFile("l", 0);
  const second = operationsFile("l", 1);
  const final = finalFile("l");

  it("is what was written, whatever it was, cell by cell in order of invocation", async () => {
    const operation = fc
      .record({
        cell: fc.nat(49),
        kind: fc.nat(2),
        outcome: fc.nat(2),
        replicas: fc.nat(255),
        client: fc.nat(65_535),
        node: fc.nat(1),
        invoked: fc.double({ min: 0, max: 1e8, noNaN: true }),
        completed: fc.double(),
        value: fc.nat(2 ** 31 - 1),
      })
      // A read of a number that nobody wrote becomes a foreign value: another test.
      .map((one): OperationFields => ({ ...one, value: one.kind === READ.kind ? 0 : one.value }));
    let files = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(operation), fc.array(operation), async (a, b) => {
        const [one, other] = [operationsFile("l", files++), operationsFile("l", files++)];
        await Promise.all([write(one, a), write(other, b)]);
        const { operations } = await read({ [one]: a.length, [other]: b.length });
        assert.deepEqual(
          rows(operations),
          [...a, ...b].sort((x, y) => x.cell - y.cell || x.invoked - y.invoked),
        );
      }),
      { numRuns: 30 },
    );
  });

  it("keeps very many operations of one writer, and those of one connection in their order", async () => {
    const count = 60_000;
    const writer = HistoryWriter.open(at(first));
    const operation = { ...WRITE };
    for (let i = 0; i < count; i++) {
      Object.assign(operation, { value: i + 1, invoked: Math.floor(i / 100), cell: i % 50 });
      writer.add(operation);
      if (i % 10_000 === 0) await writer.written();
    }
    assert.deepEqual(await writer.close(), { operations: count, failure: null });
    const { operations, incomplete } = await read({ [first]: count, [final]: null });
    assert.equal(operations.length, count);
    assert.ok(operations.value.every((value, i) => value === 1 + Math.floor(i / 1200) + 50 * (i % 1200)));
    assert.match(incomplete ?? "", /final\.ops cannot be read/);
    assert.equal((await touchedCells(directory, [first], SHAPE, NODES)).length, 50);
  });

  it("joins the foreign values of its files", async () => {
    const reading = (value: number) => ({ ...READ, value });
    await write(first, [reading(-1), reading(-2)], ['a\n"b"', "c"]);
    await write(second, [reading(-1)], ["c"]);
    await write(final, [reading(-2)], ["d", "e"]);
    const { operations, final: last, foreign } = await read({ [first]: 2, [second]: 1, [final]: 1 });
    const shown = ({ value }: Operations) => [...value].map((one) => foreign[-one - 1]);
    assert.deepEqual([shown(operations), shown(last)], [['a\n"b"', "c", "c"], ["e"]]);
  });

  it("takes a number that no write wrote for a foreign value, unless a write may be missing", async () => {
    await write(first, [WRITE, { ...READ, value: 1 }, { ...READ, value: 7 }]);
    await write(final, [
      { ...READ, value: 7 },
      { ...READ, value: 1 },
    ]);
    const whole = await read({ [first]: 3, [final]: 2 });
    assert.deepEqual([...whole.operations.value], [1, 1, -1]);
    assert.deepEqual([...whole.final.value], [-1, 1]);
    assert.match(whole.foreign[0] ?? "", /^7 /);
    assert.equal(whole.incomplete, null);
    const torn = await read({ [first]: 4, [final]: 2 });
    assert.deepEqual([[...torn.operations.value], [...torn.final.value], torn.foreign], [[1, 1, 7], [7, 1], []]);
    assert.match(torn.incomplete ?? "", /l-0\.ops holds 3 of 4 operations/);
  });

  it("of a killed harness has what reached the disk, without the torn last record, and says so", async () => {
    await write(first, [WRITE, { ...WRITE, value: 2 }, { ...WRITE, value: 3 }]);
    await truncate(at(first), 8 + 2 * RECORD_BYTES + 5);
    const { operations, final: last, incomplete } = await read({ [first]: null });
    assert.deepEqual([...operations.value], [1, 2]);
    assert.equal(last.length, 0);
    assert.match(incomplete ?? "", /nothing says how history\/l-0\.ops ended/);
    assert.match(incomplete ?? "", /the run ended before the final reads/);
  });

  it("has nothing of a file that is empty, missing or something else, and says so", async () => {
    await write(first, []);
    await truncate(at(first), 0);
    await writeFile(at(second), "operations, of another kind");
    const { operations, incomplete } = await read({ [first]: 2, [second]: 1, "history/none.ops": 1 });
    assert.equal(operations.length, 0);
    assert.match(incomplete ?? "", /l-0\.ops holds 0 of 2/);
    assert.match(incomplete ?? "", /l-1\.ops cannot be read: it is no history of this version/);
    assert.match(incomplete ?? "", /none\.ops cannot be read: ENOENT/);
  });

  it("ends before a damaged record, and says so", async () => {
    await write(first, [WRITE, { ...WRITE, value: 2 }]);
    for (const [offset, byte] of [
      [24, 0xff], // a cell that the load has not
      [30, 9], // a node that is not there
      [32, 7], // an outcome that is none
      [23, 0x7f], // a value that is no number
    ] as const) {
      const bytes = await readFile(at(first));
      bytes[8 + RECORD_BYTES + offset] = byte;
      await writeFile(at(second), bytes);
      const { operations, incomplete } = await read({ [second]: 2 });
      assert.deepEqual([...operations.value], [1], `byte ${offset}`);
      assert.match(incomplete ?? "", /l-1\.ops could not be read to its end: record 1 is damaged/);
    }
  });

  it("is whole though nodes could not be read in the end: their reads say so", async () => {
    await write(first, [WRITE]);
    const unread = { ...READ, node: 1, outcome: 2, completed: Number.NaN, value: 0 };
    await write(final, [{ ...READ }, unread, { ...unread, cell: 4 }]);
    const { incomplete, final: last } = await read({ [first]: 1, [final]: 3 });
    assert.deepEqual([incomplete, [...last.outcome]], [null, [0, 2, 2]]);
  });

  it("comes with the run's journal, load by load", async () => {
    await write(operationsFile("b", 0), [WRITE]);
    await write(operationsFile("a", 0), [WRITE, WRITE]);
    const all = [...events({ [operationsFile("b", 0)]: 1 }, "b"), ...events({ [operationsFile("a", 0)]: 2 }, "a")];
    await writeFile(at("journal.jsonl"), all.map((event) => `${JSON.stringify(event)}\n`).join(""));
    const { history, events: read } = await readRun(directory);
    assert.equal(read.length, all.length);
    assert.deepEqual(
      history.map(({ load, operations }) => [load, operations.length]),
      [
        ["b", 1],
        ["a", 2],
      ],
    );
    await appendFile(at("journal.jsonl"), "{broken}\n");
    await assert.rejects(readRun(directory), ChaosError);
  });

  it("tells how much it was given when the disk refuses", async () => {
    // The file for foreign values cannot be made, and what names them goes behind them.
    await writeFile(at("l.ops.foreign"), "");
    const writer = HistoryWriter.open(at("l.ops"));
    writer.add(WRITE);
    await writer.written();
    writer.add({ ...READ, value: writer.foreign("x") });
    const { operations, failure } = await writer.close();
    assert.equal(operations, 2);
    assert.match(failure ?? "", /cannot write .*l\.ops: EEXIST/);
    const { incomplete } = await read({ "l.ops": operations });
    assert.match(incomplete ?? "", /l\.ops holds 1 of 2 operations/);
    assert.throws(() => HistoryWriter.open(at("l.ops")), ChaosError);
  });

  it("ends rather than fill the memory when the disk is too slow", async () => {
    const writer = HistoryWriter.open(at(first));
    // Without a pause, so nothing can be written meanwhile.
    for (let i = 0; i < 1_200_000; i++) writer.add(WRITE);
    const { operations, failure } = await writer.close();
    assert.equal(operations, 1_200_000);
    assert.match(failure ?? "", /the disk takes it too slowly/);
  });

  it("can be built by hand, for tests", () => {
    const built = buildHistory({
      load: "l",
      shape: SHAPE,
      nodes: NODES,
      operations: [
        { cell: 2, kind: "read", outcome: "info", invoked: 5, completed: null, value: 0, node: "r1", client: 3 },
        { cell: 1, kind: "write", outcome: "ok", invoked: 1, completed: 2, value: 4, replicas: 1 },
      ],
      final: [],
    });
    assert.deepEqual(rows(built.operations), [
      { ...WRITE, cell: 1, value: 4, invoked: 1, completed: 2, client: 0, replicas: 1 },
      { ...READ, cell: 2, value: 0, invoked: 5, completed: Number.NaN, client: 3, node: 1, outcome: 2 },
    ]);
    const stray: OperationRow = { cell: 0, kind: "read", outcome: "ok", invoked: 1, completed: 2, value: 0, node: "x" };
    assert.throws(() => buildHistory({ ...built, operations: [stray], final: [] }), /none of m1, r1/);
  });
});

function rows(operations: Operations): OperationFields[] {
  const { length, ...columns } = operations;
  return Array.from({ length }, (_, i) => {
    const entries = Object.entries(columns).map(([name, column]) => [name, column[i]]);
    return Object.fromEntries(entries) as unknown as OperationFields;
  });
}
