import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { monotonicClock } from "../base/clock.ts";
import { until } from "../base/deadline.ts";
import { openMemory, readThreads } from "../forensics/process.ts";
import type { SidecarOptions } from "../forensics/sidecar.ts";
import type { EventOf, JournalEvent, NodeCondition } from "../journal/events.ts";
import { redis } from "../systems/redis.ts";
import { compile, type RunningProgram, start } from "../testing/program.support.ts";
import { skip } from "../testing/skip.support.ts";
import { EvidenceCollector } from "./evidence.ts";

/** An engine that is not there: this machine's /proc must do. */
const noEngine: SidecarOptions["engine"] = {
  createContainer: () => Promise.reject(new Error("there is no engine")),
  start: () => Promise.reject(new Error("there is no engine")),
  exec: () => Promise.reject(new Error("there is no engine")),
  remove: () => Promise.reject(new Error("there is no engine")),
};

describe("evidence of a run", function () {
  this.timeout(600_000);
  const clock = monotonicClock();
  let directory: string;
  let program: Awaited<ReturnType<typeof compile>> = null;
  let running: RunningProgram[] = [];
  let events: JournalEvent[] = [];
  let stops: string[] = [];
  let pid: number | null = null;

  before(async function () {
    if (process.platform !== "linux" || process.arch !== "x64") skip(this, "locks are read on x86-64 Linux only");
    program = await compile("deadlock.c");
    if (!program) skip(this, "there is no gcc on this machine");
    directory = await mkdtemp(path.join(tmpdir(), "kvchaos-run-"));
  });
  afterEach(async () => {
    for (const one of running) await one.kill();
    running = [];
    events = [];
    stops = [];
  });
  after(async () => {
    await program?.remove();
    if (directory) await rm(directory, { recursive: true, force: true });
  });

  async function serve(test: Mocha.Context, ...mode: string[]): Promise<void> {
    const one = await start(program?.path ?? "", mode);
    running.push(one);
    pid = one.pid;
    try {
      openMemory(pid).close();
    } catch {
      skip(test, "/proc/<pid>/mem is not readable: root or CAP_SYS_PTRACE is needed");
    }
    let before = "";
    await until({ what: "threads at rest", within: 60_000, every: 30 }, () => {
      const now = JSON.stringify(readThreads(one.pid).filter(({ comm }) => comm !== "sleeper" && comm !== "loop"));
      const rest = now === before && !now.includes('"running"');
      before = now;
      return rest;
    });
  }
  function collector(log = "no such file"): EvidenceCollector {
    const link = { name: "r1 -> m1", address: { host: "10.0.0.1", port: 1000 } };
    return new EvidenceCollector({
      cluster: {
        nodes: [
          {
            name: "r1",
            container: "c1",
            server: { system: { ...redis, portOffsets: [0, 2000] }, image: "none" },
            pid: () => pid,
            locks: null,
            admin: () => Promise.reject(new Error("no answer")),
          },
        ],
        links: [link as never],
        logs: { file: () => path.join(directory, log) },
      },
      directory,
      clock,
      emit: (event) => events.push({ t: clock.now(), ...event } as JournalEvent),
      signal: new AbortController().signal,
      hide: (text) => text.replaceAll("the end", "•••"),
      onProof: () => {},
      cores: null,
      onStopped: (node) => {
        stops.push(node);
        return () => {};
      },
      cutBy: () => "partition-1",
      sidecar: ({ container }) => ({ engine: noEngine, container, image: "none", labels: {}, processName: "deadlock" }),
    });
  }
  const verdict = (condition: NodeCondition) => ({ node: "r1", condition, since: 0, why: "" });
  const captured = () => events.filter((event): event is EventOf<"evidence"> => event.type === "evidence");

  it("tells the proof as soon as it is on disk, and what gdb saw after that as a capture of its own", async function () {
    await serve(this, "switch", "3");
    await writeFile(path.join(directory, "r1.log"), `${"x".repeat(100_000)}the end\n`);
    const collect = collector("r1.log");
    assert.equal(collect.consider(verdict("deadlocked")), true);
    await collect.settled();
    const [first, second] = captured();
    assert.ok(first && second);
    assert.match(first.proof ?? "", /: a cycle$/);
    assert.equal(first.stoppedProcessMs, 0);
    assert.ok(!first.files.some((file) => file.includes("gdb")));
    const log = await readFile(
      path.join(directory, first.files.find((file) => file.endsWith("server.log")) ?? ""),
      "utf8",
    );
    assert.ok(log.length <= 64 * 1024 && log.endsWith("x•••\n"), "its secrets are hidden");
    assert.equal(second.reason, "deadlocked: function names");
    assert.equal(second.proof, null);
    assert.ok(second.t >= first.t && second.t - second.ms >= first.t - 1, "it begins where the harmless part ended");
    if (second.files.length > 0) {
      assert.deepEqual(second.files, ["evidence/r1-1/stacks-gdb.txt"]);
      assert.match(second.summary, /function names of \d+ threads/);
      assert.ok(second.stoppedProcessMs > 0);
      assert.deepEqual(stops, ["r1"]);
    } else assert.match(second.summary, /no function names: .*gdb/);
  });

  it("does not stop a process that answers again when all else is on disk", async function () {
    await serve(this, "switch", "3");
    const collect = collector();
    collect.consider(verdict("deadlocked"));
    collect.consider(verdict("healthy"));
    await collect.settled();
    assert.deepEqual(
      captured().map(({ reason, stoppedProcessMs }) => [reason, stoppedProcessMs]),
      [["deadlocked", 0]],
    );
    assert.deepEqual(stops, []);
  });

  it("does not stop a process that may go on by itself", async function () {
    await serve(this, "idle", "2");
    const collect = collector();
    for (const condition of ["stalled", "partial", "slow"] as const) collect.consider(verdict(condition));
    await collect.settled();
    assert.equal(captured().length, 3);
    for (const { stoppedProcessMs, reason } of captured()) {
      assert.equal(stoppedProcessMs, 0);
      assert.ok(!reason.includes("function names"));
    }
  });

  it("stops one that turns without burning CPU only when it is still so after everything was healed", async function () {
    await serve(this, "idle", "2");
    const collect = collector();
    collect.consider(verdict("unresponsive"));
    await collect.settled();
    assert.deepEqual(
      captured().map(({ reason, stoppedProcessMs }) => [reason, stoppedProcessMs]),
      [["unresponsive", 0]],
    );
    collect.outlived(verdict("unresponsive"));
    await collect.settled();
    assert.equal(captured().at(-1)?.reason, "unresponsive: function names");
  });

  it("says what is missing, and why, when neither /proc nor a sidecar shows the server", async () => {
    pid = null;
    const collect = collector();
    await collect.baseline();
    collect.consider(verdict("deadlocked"));
    await collect.settled();
    assert.equal(captured().length, 1);
    assert.match(
      captured()[0]?.summary ?? "",
      /missing: threads, sockets, wait-for graph because the server's process is not known .*, and there is no engine/,
    );
  });

  it("notes the healthy waits anew when a restarted server is healthy again", async function () {
    await serve(this, "idle", "2");
    const collect = collector();
    await collect.baseline();
    // The restarted one waits by design in a way that its predecessor never did.
    await serve(this, "own", "4");
    collect.consider(verdict("stalled"));
    await collect.settled();
    assert.match(captured()[0]?.proof ?? "", /self-deadlock/, "a proof against the waits of the old process");
    assert.equal(collect.consider(verdict("healthy")), false);
    await collect.settled();
    collect.consider(verdict("stalled"));
    await collect.settled();
    const [, last] = captured();
    assert.ok(last);
    assert.equal(last.proof, null);
    assert.ok(!last.summary.includes("restarted"), last.summary);
  });
});
