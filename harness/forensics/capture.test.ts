import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { monotonicClock } from "../base/clock.ts";
import { until } from "../base/deadline.ts";
import { compile, type RunningProgram, start } from "../testing/program.support.ts";
import { skip } from "../testing/skip.support.ts";
import { captureEvidence, type EvidenceOptions } from "./capture.ts";
import { openMemory, readThreads } from "./process.ts";
import { takeBaseline } from "./wait-baseline.ts";

type Program = NonNullable<Awaited<ReturnType<typeof compile>>>;

describe("capturing a live process", function () {
  this.timeout(600_000);
  const clock = monotonicClock();
  let program: Program | null = null;
  let cpp: Program | null = null;
  let fixed: Program | null = null;
  let directory: string;
  let running: RunningProgram[] = [];
  let server: Server | null = null;

  before(async function () {
    if (process.platform !== "linux" || process.arch !== "x64")
      return skip(this, "threads are read on Linux on x86-64 only");
    directory = await mkdtemp(join(tmpdir(), "kvchaos-evidence-"));
    program = await compile("deadlock.c");
    cpp = await compile("std-locks.cpp");
    fixed = await compile("deadlock.c", ["-static"]).catch(() => null);
  });
  afterEach(async () => {
    for (const one of running) await one.kill();
    running = [];
    server?.close();
    server = null;
  });
  after(async () => {
    await program?.remove();
    await cpp?.remove();
    await fixed?.remove();
    if (directory) await rm(directory, { recursive: true, force: true });
  });

  /** Starts a mode and waits until its threads wait; skips with a reason where that cannot be. */
  async function hang(test: Mocha.Context, mode: string, ...args: (string | number)[]): Promise<RunningProgram> {
    const path = (mode === "std-locks" ? cpp : program)?.path;
    if (!path) return skip(test, "there is no gcc (g++) on this machine");
    const one = await start(path, [mode, ...args.map(String)]);
    running.push(one);
    try {
      openMemory(one.pid).close();
    } catch {
      skip(test, "/proc/<pid>/mem is not readable: root or CAP_SYS_PTRACE is needed");
    }
    if (mode !== "busy") await asleep(one.pid);
    return one;
  }
  /** Every thread but sleepers and event loops waits for good. */
  async function asleep(pid: number): Promise<void> {
    let before = "";
    await until({ what: "threads at rest", within: 60_000, every: 30 }, () => {
      const threads = readThreads(pid).filter(({ comm }) => comm !== "sleeper" && comm !== "loop");
      const now = JSON.stringify(threads);
      const rest = now === before && threads.every(({ syscall }) => syscall?.kind === "in");
      before = now;
      return rest;
    });
  }
  const capture = (pid: number | null, more: Partial<EvidenceOptions> = {}) =>
    captureEvidence({
      node: "r1",
      pid,
      directory: join(directory, "r1-1"),
      reason: "deadlocked",
      links: [],
      clock,
      ...more,
    });

  it("proves the master-switch deadlock and leaves the process running", async function () {
    const { pid } = await hang(this, "switch", 7);
    const { proof, summary, data, files, stoppedProcessMs } = await capture(pid);
    assert.match(
      proof ?? "",
      /^worker (\d+) waits for master-repl (\d+) to end; master-repl \2 waits for a lock that worker \1 holds: a cycle$/,
    );
    assert.match(summary, /; 8 threads \(deadlock, worker ×7\) wait behind/);
    assert.equal(data.graph?.class, "proven");
    assert.deepEqual([data.groups[0]?.count, data.groups[0]?.comms], [7, ["worker ×7"]]);
    assert.equal(stoppedProcessMs, 0);
    assert.deepEqual(
      files.map((file) => basename(file)),
      ["wait-for.json", "wait-for.txt", "threads.json", "threads.txt", "sockets.txt"],
    );
    const text = await readFile(files[1] ?? "", "utf8");
    assert.ok(text.startsWith("proven: ") && text.includes(proof ?? "?"));
    for (const { state } of readThreads(pid)) assert.equal(state, "S");
  });

  it("proves a mutex locked twice by its owner, with the readers behind its rwlock", async function () {
    const { pid } = await hang(this, "flush", 12);
    const { proof, summary } = await capture(pid);
    assert.match(proof ?? "", /^ReplBgWorker \d+ waits for a mutex that it holds itself: a self-deadlock$/);
    assert.match(summary, /12 threads \(client ×12\) wait behind/);
  });

  it("proves nothing when readers hold the lock", async function () {
    const { pid } = await hang(this, "readers", 3);
    const { proof, data, summary } = await capture(pid);
    assert.deepEqual([proof, data.graph?.class], [null, "held-by-readers"]);
    assert.match(
      summary,
      /held by 1 reader .*4 threads \(flushdb, writer ×3\) wait for it; may be among the readers: info \d+/,
    );
  });

  it("understands std::mutex, std::shared_mutex and std::thread", async function () {
    const { pid } = await hang(this, "std-locks");
    const { proof } = await capture(pid);
    assert.match(
      proof ?? "",
      /^logger \d+ waits for cleaner \d+ to end; cleaner \d+ waits for a lock that keeper \d+ holds; keeper \d+ waits for a lock that logger \d+ holds: a cycle$/,
    );
  });

  it("an idle pool hangs nowhere", async function () {
    const { pid } = await hang(this, "idle", 8);
    const { proof, data } = await capture(pid);
    assert.deepEqual([proof, data.graph?.class], [null, "none"]);
  });

  it("a main thread that sleeps on its own mutex by design is not reported, whether its healthy waits are known or not", async function () {
    const { pid } = await hang(this, "own", 4);
    const baseline = await takeBaseline(pid);
    const { proof, data } = await capture(pid, { baseline });
    assert.deepEqual([proof, data.graph?.class], [null, "none"]);
    assert.ok(data.graph?.subtracted.some((edge) => edge.kind === "mutex"));
    const { proof: unknown, summary } = await capture(pid);
    assert.equal(unknown, null);
    assert.match(summary, /the main thread waits for a mutex that it holds itself/);
  });

  it("after a restart the healthy waits are known by the names of their threads", async function () {
    const before = await hang(this, "own", 2);
    const baseline = await takeBaseline(before.pid);
    const after = await hang(this, "own", 2);
    const { proof, summary } = await capture(after.pid, { baseline });
    assert.equal(proof, null);
    assert.match(summary, /restarted/);
    const hung = await hang(this, "flush", 2);
    assert.match((await capture(hung.pid, { baseline })).proof ?? "", /self-deadlock/);
  });

  it("locks of a program without glibc are not guessed at, and that is said", async function () {
    if (!fixed) skip(this, "there is no static C library on this machine");
    const one = await start(fixed.path, ["switch", "3"]);
    running.push(one);
    await asleep(one.pid);
    const { proof, summary, data } = await capture(one.pid);
    assert.deepEqual([proof, data.graph], [null, null]);
    assert.match(
      summary,
      /^no wait-for graph. missing: locks in the wait-for graph because unsupported: no C library is mapped/,
    );
    assert.equal(data.threads.length, 6);
  });

  it("heavy contention is never a deadlock, in 20 captures", async function () {
    const { pid } = await hang(this, "busy", 24);
    let waits = 0;
    for (let i = 0; i < 20; i++) {
      const { proof, data } = await capture(pid);
      for (const { waitsFor, count } of data.groups) if (/^(mutex|rwlock)/.test(waitsFor)) waits += count;
      assert.equal(proof, null, JSON.stringify(data.graph));
      assert.notEqual(data.graph?.class, "proven");
    }
    assert.ok(waits > 20, `only ${waits} waits for locks were seen: no contention, no test`);
  });

  it("sees 60 threads and does not wait for a server that does not answer", async function () {
    const { pid } = await hang(this, "switch", 57);
    const { data, files, summary } = await capture(pid, {
      ask: () => new Promise(() => {}),
      logSince: async () => "line\n",
    });
    assert.equal(data.threads.length, 60);
    assert.match(summary, /missing: INFO because there was no answer within 250 ms/);
    assert.equal(await readFile(files.find((file) => file.endsWith("server.log")) ?? "", "utf8"), "line\n");
  });

  it("a chain ends in the link that a fault cuts", async function () {
    server = createServer((socket) => socket.on("error", () => {})).listen(0, "127.0.0.1");
    await until({ what: "a listening server", within: 60_000, every: 5 }, () => server?.listening);
    const address = server.address();
    assert.ok(address && typeof address === "object");
    const { pid } = await hang(this, "link", 0, "127.0.0.1", address.port);
    const links = [{ name: "r1 -> m1", cutBy: "partition-1", address: `127.0.0.1:${address.port}` }];
    const { summary, data, files } = await capture(pid, { links });
    assert.equal(data.graph?.class, "waits-on-link");
    assert.match(
      summary,
      /^worker \d+ waits for fetch (\d+) to end; fetch \1 waits in recvfrom on link r1 -> m1, cut by fault partition-1; 1 thread \(worker\) waits behind/,
    );
    const sockets = await readFile(files.find((file) => file.endsWith("sockets.txt")) ?? "", "utf8");
    assert.match(sockets, /ESTABLISHED .* r1 -> m1 \(cut by fault partition-1\)/);
  });

  it("says what is missing when the process is unknown or gone, and still asks the server", async () => {
    const asked: string[] = [];
    const unknown = await capture(null, { ask: async (argv) => `${asked.push(argv.join(" "))}` });
    assert.match(
      unknown.summary,
      /missing: threads, sockets, wait-for graph because the server's process is not known/,
    );
    assert.deepEqual(asked, ["INFO", "CLIENT LIST"]);
    assert.deepEqual(
      unknown.files.map((file) => basename(file)),
      ["info.txt"],
    );
    const gone = await capture(2 ** 22 + 1, { ask: async () => Promise.reject(new Error("refused")) });
    assert.match(gone.summary, /because \/proc\/4194305 is not readable .*missing: INFO because refused/);
    assert.equal((await takeBaseline(2 ** 22 + 1)).edges.length, 0);
  });

  it("an abort ends a capture with its reason", async function () {
    const { pid } = await hang(this, "idle", 1);
    await assert.rejects(capture(pid, { signal: AbortSignal.abort(new Error("cancelled")) }), /cancelled/);
  });
});
