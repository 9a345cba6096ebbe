import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { monotonicClock } from "../base/clock.ts";
import { until } from "../base/deadline.ts";
import { removeSharedFolders } from "../docker/shared-folder.ts";
import type { WaitEdge } from "../journal/evidence-data.ts";
import { makeLibrary, missingForLibrary } from "../locks/library/make-library.ts";
import { LockFolder } from "../locks/lock-folder.ts";
import { compile, start } from "../testing/program.support.ts";
import { skip } from "../testing/skip.support.ts";
import { captureEvidence } from "./capture.ts";
import { nameReaders, type Readers } from "./known-readers.ts";
import { openMemory, readThreads } from "./process.ts";

describe("readers of a lock that somebody knows", () => {
  const threads = [1, 2, 3].map((n) => ({ tid: 100 + n, nsTid: n }));
  const wait = (count: number): WaitEdge => ({
    ...{ from: 101, kind: "rwlock-write", address: "0xff", timed: false, call: "futex" },
    to: { kind: "readers", count },
  });
  const readers = (...nsTids: number[]): Readers => new Map([[0xff, nsTids]]);
  const named = (count: number, before: Readers, after = before) =>
    nameReaders([wait(count)], { before, after }, threads).map(({ to }) => (to.kind === "thread" ? to.tid : to.kind));

  it("are named, each with a wait of its own, as their threads are called on this machine", () => {
    assert.deepEqual(named(2, readers(2, 3)), [102, 103]);
    assert.ok(nameReaders([wait(1)], { before: readers(2), after: readers(2) }, threads)[0]?.reader);
  });

  it("are nobody where one is missing, too many are known, or they changed meanwhile", () => {
    assert.deepEqual(named(2, readers(2)), ["readers"]);
    assert.deepEqual(named(1, readers(2, 3)), ["readers"]);
    assert.deepEqual(named(1, readers(2), readers(3)), ["readers"]);
    assert.deepEqual(named(1, readers(2), readers(2, 3)), ["readers"]);
    assert.deepEqual(named(1, readers(9)), ["readers"]);
    assert.deepEqual(named(1, new Map()), ["readers"]);
  });
});

describe("a deadlock with a reader in a process that has loaded the library", function () {
  this.timeout(600_000);
  const run = `known-readers-${process.pid}`;
  let directory: string;

  before(async function () {
    if (process.platform !== "linux" || process.arch !== "x64") skip(this, "locks are read on x86-64 Linux only");
    const missing = missingForLibrary();
    if (missing !== null) skip(this, missing);
    directory = await mkdtemp(path.join(tmpdir(), "kvchaos-readers-"));
  });
  after(async () => {
    await removeSharedFolders(run);
    if (directory) await rm(directory, { recursive: true, force: true });
  });

  it("is proved: who reads is known", async function () {
    const program = (await compile("deadlock.c")) ?? skip(this, "there is no gcc on this machine");
    const library = await makeLibrary();
    const folder = await LockFolder.make(run, "program", library, 0);
    const hung = await start(program.path, ["readers", "3"], { LD_PRELOAD: library.path, KVCHAOS_LOCKS: folder.path });
    try {
      try {
        openMemory(hung.pid).close();
      } catch {
        skip(this, "/proc/<pid>/mem is not readable: root or CAP_SYS_PTRACE is needed");
      }
      await until({ what: "threads that wait", within: 60_000, every: 30 }, () =>
        readThreads(hung.pid).every(({ syscall }) => syscall?.kind === "in"),
      );
      const capture = (readers?: () => Promise<Readers>) =>
        captureEvidence({
          ...{ node: "p", pid: hung.pid, directory, reason: "deadlocked", links: [], clock: monotonicClock() },
          readers,
        });
      const [blind, seeing] = [await capture(), await capture(() => folder.readers())];
      assert.deepEqual([blind.proof, blind.data.graph?.class], [null, "held-by-readers"]);
      assert.match(
        seeing.proof ?? "",
        /info \d+ waits for a lock that flushdb \d+ holds; flushdb \d+ waits for a lock that info/,
      );
      assert.equal(seeing.data.graph?.cycles.length, 1);
      assert.equal(seeing.data.graph?.queue.length, 3);
    } finally {
      await hung.kill();
      await program.remove();
      folder.close();
    }
  });
});
