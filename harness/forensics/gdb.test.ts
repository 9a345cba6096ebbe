import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { monotonicClock } from "../base/clock.ts";
import { until } from "../base/deadline.ts";
import { findProgram } from "../base/programs.ts";
import { foldFrames } from "../locks/names/fold-frames.ts";
import { compile, type RunningProgram, start } from "../testing/program.support.ts";
import { skip } from "../testing/skip.support.ts";
import { backtraceText, takeBacktraces } from "./gdb.ts";
import { processState, readThreads } from "./process.ts";

describe("function names through gdb", function () {
  this.timeout(600_000);
  const clock = monotonicClock();
  let program: Awaited<ReturnType<typeof compile>> = null;
  let hung: RunningProgram;

  before(async function () {
    if (!findProgram("gdb")) return skip(this, "gdb is not installed"); // captures then say so
    program = await compile("deadlock.c");
    if (!program) return skip(this, "there is no gcc on this machine");
  });
  beforeEach(async () => {
    hung = await start(program?.path ?? "", ["switch", "5"]);
  });
  afterEach(() => hung.kill());
  after(() => program?.remove());

  /** Its state once it neither runs (it was set running a moment ago) nor waits for its child. */
  const settled = async () => {
    const passing = () => /[RD]/.test(processState(hung.pid)?.state ?? "");
    await until({ what: "the process's rest", within: 60_000, every: 5 }, () => !passing());
    return processState(hung.pid);
  };
  const take = (within: number) => takeBacktraces({ pid: hung.pid, clock, within, depth: 40 });

  it("names the functions of every thread, measures the pause and leaves the process running", async () => {
    const result = await take(20_000);
    assert.ok(result.taken, JSON.stringify(result));
    const stacks = new Map(result.traces.map(({ tid, frames }) => [tid, foldFrames(frames)]));
    const named = readThreads(hung.pid).map(({ tid, comm }) => `${comm}: ${stacks.get(tid)?.join(" < ")}`);
    assert.ok(named.includes("master-repl: pthread_rwlock_wrlock < master_repl"), named.join("\n"));
    assert.ok(named.includes("worker: pthread_join < switching_worker"), named.join("\n"));
    assert.equal(named.filter((line) => line === "worker: pthread_rwlock_rdlock < reader").length, 5);
    assert.ok(result.stoppedMs > 0 && result.stoppedMs < 20_000);
    assert.deepEqual(await settled(), { state: "S", tracer: 0 });
    const text = backtraceText(result, (tid) => `t ${tid}`);
    assert.match(
      text,
      /^gdb stopped the process for \d+ ms\n\n5 threads: .*\n {2}#0 pthread_rwlock_rdlock\n {2}#1 reader\n/,
    );
  });

  it("a gdb that takes too long is ended, and the process runs on", async () => {
    for (const within of [5, 120]) {
      const result = await take(within);
      assert.ok(!result.taken);
      assert.match(result.why, /gdb was ended/);
      assert.deepEqual(await settled(), { state: "S", tracer: 0 });
    }
  });

  it("a stop that still waits for the process when gdb is ended is taken back", async () => {
    await hung.kill();
    hung = await start(program?.path ?? "", ["vfork"]);
    const child = await until({ what: "the child", within: 60_000, every: 5 }, () =>
      Number(readFileSync(`/proc/${hung.pid}/task/${hung.pid}/children`, "utf8")),
    );
    const attached = new AbortController();
    const onStopped = () => {
      attached.abort(new Error("it is attached"));
      return () => {};
    };
    const taking = takeBacktraces({
      ...{ pid: hung.pid, clock, within: 20_000, depth: 40 },
      ...{ signal: attached.signal, onStopped },
    });
    await assert.rejects(taking, /it is attached/);
    process.kill(child, "SIGKILL");
    assert.deepEqual(await settled(), { state: "S", tracer: 0 });
  });

  it("a stopped process is left alone", async () => {
    process.kill(hung.pid, "SIGSTOP");
    await until({ what: "a stopped process", within: 60_000, every: 5 }, () => processState(hung.pid)?.state === "T");
    const result = await take(1000);
    assert.ok(!result.taken);
    assert.match(result.why, /is stopped/);
    assert.equal(processState(hung.pid)?.state, "T");
  });
});
