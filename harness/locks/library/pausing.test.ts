import { strict as assert } from "node:assert";
import { closeSync, openSync, writeSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { until } from "../../base/deadline.ts";
import { type LockProgram, lockPrograms } from "../../testing/locks/lock-program.support.ts";
import { start } from "../../testing/program.support.ts";
import { type Noise, type PauseRule, type PauseState, PauseTable } from "../pauses.ts";
import { Table } from "./layout.ts";

describe("pauses by the library that sees locks", function () {
  this.timeout(600_000);
  const programs = lockPrograms("locks.c");

  /** All of the program. */
  const anywhere = () => ({ module: path.basename(programs.path), from: 0, to: 2 ** 40 });

  function rule(change: Partial<PauseRule> = {}): PauseRule {
    const places = { sites: [anywhere()], callers: false, held: [], mode: null, kind: null };
    return {
      where: "before",
      thread: "one",
      ...places,
      length: 0,
      every: 1,
      probability: 1,
      most: 1000,
      seed: 1,
      ...change,
    };
  }

  function write(one: LockProgram, table: PauseTable, version: number): void {
    const control = openSync(path.join(one.folder, "control"), "r+");
    const fields = new Table(programs.library.layout, "control");
    for (const { offset, bytes } of table.parts()) writeSync(control, bytes, 0, bytes.length, offset);
    for (const [field, value] of Object.entries({ version, active: table.isActive ? 1 : 0 })) {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32LE(value);
      writeSync(control, bytes, 0, bytes.length, fields.offset(field));
    }
    closeSync(control);
  }

  async function prepare(rules: readonly PauseRule[], noise: Noise | null = null) {
    const one = await programs.make();
    const table = new PauseTable(programs.library.layout);
    for (const each of rules) table.add(each);
    table.noise = noise;
    write(one, table, 1);
    const state = async (number: number) => table.state(await readFile(path.join(one.folder, "control")), number);
    return { one, table, state };
  }

  /** Of "often": twenty times a and, with it in hand, b. */
  async function states(...rules: PauseRule[]): Promise<PauseState[]> {
    const { one, state } = await prepare(rules);
    await one.run("often");
    return Promise.all(rules.map((_, i) => state(i)));
  }

  it("go by thread, place, what is held, mode and kind of lock", async () => {
    const far = { ...anywhere(), module: "/no-such-file" };
    const seen = await states(
      rule(),
      rule({ where: "after" }),
      rule({ held: [anywhere()] }),
      rule({ where: "after", held: [anywhere()] }),
      rule({ thread: "o?e*" }),
      rule({ thread: "two" }),
      rule({ sites: [far] }),
      rule({ held: [far] }),
      rule({ mode: "shared" }),
      rule({ kind: "rwlock" }),
      rule({ mode: "exclusive", kind: "mutex" }),
    );
    assert.deepEqual(
      seen.map(({ passed }) => passed),
      [40, 40, 20, 20, 40, 0, 0, 0, 0, 0, 40],
    );
    assert.deepEqual(
      seen.map(({ hits, pausing }) => hits === 0 || pausing === 0),
      seen.map(() => true),
    );
  });

  it("count to n, throw dice that a seed decides, and end at their most", async () => {
    const rules = [
      rule({ every: 8 }),
      rule({ most: 3 }),
      rule({ probability: 0.5, seed: 7 }),
      rule({ probability: 0.5, seed: 7 }),
      rule({ probability: 0 }),
    ];
    const [nth, most, half, again, never] = await states(...rules);
    assert.equal(nth?.hits, 5);
    assert.equal(most?.hits, 3);
    assert.ok((half?.hits ?? 0) > 5 && (half?.hits ?? 0) < 35);
    assert.equal(again?.hits, half?.hits);
    assert.equal(never?.hits, 0);
    assert.equal(never?.last, null);
    assert.notEqual(nth?.last, null);
  });

  it("end when they are switched off", async () => {
    const { one, table, state } = await prepare([rule({ length: 3_600_000, held: [anywhere()] })]);
    const running = await start(programs.path, ["begun"], one.environment);
    try {
      await until({ what: "the pause", within: 60_000, every: 5 }, async () => (await state(0)).pausing === 1);
      const [graph] = await one.graphs();
      assert.deepEqual(
        graph?.holding.filter(({ paused }) => paused).map(({ holds }) => holds.length),
        [1],
      );
      table.end(0);
      write(one, table, 2);
      const ended = () => running.child.exitCode !== null;
      await until({ what: "the program's end", within: 60_000, every: 5 }, ended);
      assert.equal(running.child.exitCode, 0);
      assert.equal((await state(0)).pausing, 0);
    } finally {
      await running.kill();
    }
  });

  it("may be noise", async () => {
    const { one } = await prepare([], { probability: 0.5, longest: 10, seed: 3 });
    const { graphs } = await one.run("often");
    assert.equal(graphs[0]?.dependencies.find(({ holds }) => holds.length > 0)?.count, 20);
  });
});
