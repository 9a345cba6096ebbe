import { strict as assert } from "node:assert";
import { execFile } from "node:child_process";
import { chmod, mkdtemp, rm, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { lockNames, lockPrograms, nested } from "../../testing/locks/lock-program.support.ts";
import { compile, start } from "../../testing/program.support.ts";
import { skip } from "../../testing/skip.support.ts";

const run = promisify(execFile);

/** By mode of locks.c: what its one process took with something in hand. */
const NESTED: Readonly<Record<string, readonly string[]>> = {
  mutex: ["one: a > b"],
  // Taken again without waiting: nothing depends on that.
  recursive: ["one: b > a", "one: c c > a", "one: c c a > b"],
  errorcheck: ["one: b > a", "one: c > a", "one: c a > b"],
  rwlock: ["one: b > w(r)", "one: b w(r) > w(r) !", "one: r(r) > a", "one: r(r) a r(r) > b", "one: w > a"],
  spin: ["one: s > a", "one: s > b"],
  // Nobody waits for ever there, but what was got is held.
  try: ["one: a b > c", "one: b a > c"],
  // The mutex is free while the condition is waited for, and wanted again with the other one in hand.
  condition: ["one: a > b", "one: a > c", "one: b > a"],
  joins: ["one: a > <two>"],
  // Another thread has released it: it is held no longer.
  handed: ["one: a > c"],
  anew: ["one: a > b", "one: b > a#2"],
  signal: ["one: a > b", "one: a b > c"],
  cancel: ["one: a > b", "two: a > b"],
  ends: ["one: b > a"],
  // The child's own locks are not the parent's business.
  fork: ["one: a > c"],
  spawn: ["one: a > b"],
  errno: ["one: a > b"],
  small: ["one: a > b"],
  refused: ["one: a > b"],
};

describe("the library that sees locks", function () {
  this.timeout(600_000);
  const programs = lockPrograms("locks.c");

  for (const [mode, expected] of Object.entries(NESTED)) {
    it(`sees what ${mode} does`, async () => {
      const { graphs, names } = await (await programs.make()).run(mode);
      assert.equal(graphs.length, 1);
      assert.deepEqual(graphs.flatMap((graph) => nested(graph, names)).sort(), [...expected].sort());
      assert.deepEqual(graphs[0]?.lost, []);
    });
  }

  it("knows who made and joined which thread, and when in their lives", async () => {
    const { graphs } = await (await programs.make()).run("joins");
    const threads = [...(graphs[0]?.threads.values() ?? [])];
    const seen = threads.map(({ name, parent, parentEpoch, joinedBy, joinedEpoch }) =>
      [name, parent, parentEpoch, joinedBy, joinedEpoch].join(" "),
    );
    assert.deepEqual(seen.slice(1, 5), ["one 1 0 1 2", "two 2 0 2 2", "three 2 2 2 4", "four 2 4 2 6"]);
    assert.equal(threads.length, 7);
    assert.deepEqual(
      threads.slice(5).map(({ joinedBy }) => joinedBy),
      [0, 0],
    );
  });

  it("counts, and samples no more than once a tick", async () => {
    const { graphs } = await (await programs.make()).run("often");
    const [one] = graphs[0]?.dependencies.filter(({ holds }) => holds.length > 0) ?? [];
    assert.equal(one?.count, 20);
    assert.equal(one?.at.length, 1);
  });

  it("tells waits with a lock in hand that were long", async () => {
    const { graphs } = await (await programs.make()).run("waits");
    const waits = graphs[0]?.waits ?? [];
    assert.deepEqual(
      waits.map((wait) => wait.for),
      ["sleep"],
    );
    assert.ok((waits[0]?.longest ?? 0) >= 50);
  });

  it("says what found no room", async () => {
    const many = await (await programs.make()).run("many");
    assert.deepEqual(many.graphs[0]?.lost, [
      "16 locks were more than one thread's list holds",
      "55 dependencies had more locks in hand than are kept: no cycle is sought there",
    ]);
    assert.ok(nested(many.graphs[0]!, many.names).includes("one: a > b"));
    const full = await (await programs.make()).run("full");
    assert.deepEqual(full.graphs[0]?.lost, ["1 call sites took more different locks than are kept of each"]);
    const churn = await (await programs.make()).run("churn");
    assert.ok(churn.graphs[0]?.lost.some((what) => what.endsWith("threads were more than are told apart")));
    assert.ok(nested(churn.graphs[0]!, churn.names).includes("one: a > b"));
  });

  it("gives a child that makes threads, and a program that is executed, a graph of its own", async () => {
    const forked = await (await programs.make()).run("forks-threads");
    assert.deepEqual(
      forked.graphs.map((graph) => nested(graph, forked.names)),
      [["one: a > c"], []],
    );
    assert.ok([...(forked.graphs[1]?.threads.values() ?? [])].some(({ name }) => name === "child"));
    const executed = await (await programs.make()).run("exec");
    assert.deepEqual(
      executed.graphs.map((graph) => nested(graph, executed.names)),
      [[], ["one: a > b"]],
    );
  });

  it("leaves nothing of a program without threads", async () => {
    assert.deepEqual((await (await programs.make()).run("alone")).graphs, []);
  });

  it("can be read while the program runs and after it was killed", async () => {
    const one = await programs.make();
    const running = await start(programs.path, ["hold"], one.environment);
    try {
      const [graph] = await one.graphs();
      const holding = graph?.holding.find(({ holds }) => holds.length > 0);
      assert.deepEqual(
        holding?.holds.map(({ mode }) => mode),
        ["shared", "exclusive", "exclusive"],
      );
      assert.equal(holding?.paused, false);
    } finally {
      await running.kill();
    }
    const [graph] = await one.graphs();
    assert.equal(graph?.dependencies.filter(({ holds }) => holds.length > 0).length, 2);
    assert.equal(graph?.holding.filter(({ holds }) => holds.length === 3).length, 1);
  });

  it("does no harm where it cannot write, finds no control file, or one of another layout", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "kvchaos-locks-"));
    const environment = { LD_PRELOAD: programs.library.path, KVCHAOS_LOCKS: folder };
    try {
      await run(programs.path, ["mutex"], { env: { ...process.env, ...environment } });
      await run(programs.path, ["mutex"], { env: { ...process.env, LD_PRELOAD: programs.library.path } });
      const gone = { ...environment, KVCHAOS_LOCKS: path.join(folder, "gone") };
      await run(programs.path, ["mutex"], { env: { ...process.env, ...gone } });
    } finally {
      await rm(folder, { recursive: true });
    }
    const old = await programs.make({ layout: programs.library.layout.version + 1 });
    assert.deepEqual((await old.run("mutex")).graphs, []);
    const closed = await programs.make();
    await chmod(closed.folder, 0o555);
    await closed.run("mutex");
    await chmod(closed.folder, 0o755);
  });

  it("goes on when its files are taken away", async () => {
    const one = await programs.make();
    const running = await start(programs.path, ["hold"], one.environment);
    await unlink(path.join(one.folder, "control"));
    await running.kill();
  });

  it("sees nothing of a static program, which runs", async function () {
    const fixed = (await compile("locks.c", ["-static"]).catch(() => null)) ?? skip(this, "no static libraries here");
    try {
      const one = await programs.make({}, fixed.path);
      assert.deepEqual((await one.run("mutex")).graphs, []);
    } finally {
      await fixed.remove();
    }
  });

  it("sees std::mutex, std::shared_mutex and std::thread", async function () {
    const cycle = (await compile("std-locks.cpp")) ?? skip(this, "there is no g++ on this machine");
    const one = await programs.make();
    const running = await start(cycle.path, [], one.environment);
    try {
      const [graph] = await one.graphs();
      assert.ok(graph !== undefined && graph.threads.size >= 4);
    } finally {
      await running.kill();
      await cycle.remove();
    }
  });

  it("needs no symbol of a C library newer than 2.17", async function () {
    const { stdout } = await run("objdump", ["-p", programs.library.path]).catch((error: NodeJS.ErrnoException) =>
      error.code === "ENOENT" ? skip(this, "there is no objdump on this machine") : Promise.reject(error),
    );
    const [, references = ""] = stdout.split("Version References:");
    const needed = [...references.matchAll(/0x\S+ 0x\S+ \S+ (\S+)$/gm)].map(([, version = ""]) => version);
    assert.ok(needed.includes("GLIBC_2.17"), references);
    const old = (version: string): boolean => Number(/^GLIBC_2\.(\d+)(?:\.\d+)?$/.exec(version)?.[1] ?? 99) <= 17;
    assert.deepEqual(
      needed.filter((version) => !old(version)),
      [],
    );
    assert.equal(lockNames("lock a 7f\nlock b 80\n").get("80"), "b");
  });
});
