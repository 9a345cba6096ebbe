import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monotonicClock } from "../base/clock.ts";
import { until } from "../base/deadline.ts";
import { findProgram } from "../base/programs.ts";
import { runCommand } from "../base/run-command.ts";
import { openMemory, processState, readThreads } from "../forensics/process.ts";
import type { Examination } from "../journal/examination.ts";
import { examinationIn, renderExamination, writeExamination } from "../report/examined/examined-folder.ts";
import { examinedLines } from "../report/examined/examined-text.ts";
import { compile, type RunningProgram, start } from "../testing/program.support.ts";
import { skip } from "../testing/skip.support.ts";
import { examineCore } from "./core/examine-core.ts";
import { examineProcess } from "./examine.ts";

describe("examining a live process", function () {
  this.timeout(600_000);
  const clock = monotonicClock();
  let program: Awaited<ReturnType<typeof compile>> = null;
  let directory: string;
  let running: RunningProgram[] = [];

  before(async function () {
    if (process.platform !== "linux" || process.arch !== "x64") return skip(this, "Linux on x86-64 only");
    directory = await mkdtemp(join(tmpdir(), "kvchaos-examine-"));
    program = await compile("deadlock.c");
  });
  afterEach(async () => {
    for (const one of running) await one.kill();
    running = [];
  });
  after(async () => {
    await program?.remove();
    if (directory) await rm(directory, { recursive: true, force: true });
  });

  async function hang(test: Mocha.Context, ...args: string[]): Promise<number> {
    if (!program) return skip(test, "there is no gcc on this machine");
    const one = await start(program.path, args);
    running.push(one);
    try {
      openMemory(one.pid).close();
    } catch {
      skip(test, "/proc/<pid>/mem is not readable: root or CAP_SYS_PTRACE is needed");
    }
    let last = "";
    await until({ what: "threads at rest", within: 120_000, every: 30 }, () => {
      const now = JSON.stringify(readThreads(one.pid).filter(({ comm }) => comm !== "sleeper" && comm !== "loop"));
      const rest = now === last;
      last = now;
      return rest;
    });
    return one.pid;
  }
  const examine = (pid: number) => examineProcess({ asked: String(pid), pid, container: null, clock });

  it("proves a deadlock, tells since when, and what it wrote can be rendered from its folder alone", async function () {
    const pid = await hang(this, "switch", "3");
    const seen = await examine(pid);
    assert.deepEqual([seen.verdict.class, seen.verdict.proved], ["deadlock", true]);
    assert.match(seen.verdict.sentence, /worker \d+ waits for master-repl \d+ to end.*: a cycle; 4 threads behind/);
    const waiting = seen.threads.filter(({ comm }) => comm === "worker");
    assert.ok(waiting.every(({ asleep, restedFor }) => asleep && (restedFor ?? 0) >= seen.window));
    await writeExamination(seen, directory);
    await rm(join(directory, "report.html"));
    const again = (await examinationIn(directory)) as Examination;
    assert.deepEqual(again, JSON.parse(JSON.stringify(seen)));
    await renderExamination(again, directory);
    const [page, ticket] = await Promise.all(
      ["report.html", "issue.md"].map((name) => readFile(join(directory, name), "utf8")),
    );
    for (const text of [page, ticket, examinedLines(again).join("\n")]) {
      assert.match(text ?? "", /DEADLOCK, PROVED/);
      assert.match(text ?? "", /waits for the end of master-repl \d+ \(join\)/);
    }
    assert.match(page ?? "", /<strong>Proof\.<\/strong> worker/);
  });

  it("a core of the same process proves the same, without the process", async function () {
    const gcore = findProgram("gcore");
    if (!gcore) return skip(this, "gcore (package gdb) is not installed");
    const pid = await hang(this, "switch", "3");
    await runCommand([gcore, "-o", join(directory, "core"), String(pid)], { within: 120_000 });
    const seen = await examineCore({ file: join(directory, `core.${pid}`), root: "/", clock });
    assert.deepEqual([seen.kind, seen.verdict.class, seen.window], ["core", "deadlock", 0]);
    assert.match(
      seen.verdict.sentence,
      /waits for .* to end; .* waits for a lock that .* holds: a cycle; 4 threads behind/,
    );
    // Nobody can say how the locks of a C library are made that is not there.
    const unsure = await examineCore({ file: join(directory, `core.${pid}`), root: "/nowhere", clock });
    assert.deepEqual([unsure.verdict.class, unsure.verdict.proved], ["suspicious", false]);
    assert.match(unsure.verdict.hints[0] ?? "", /a cycle, if its locks are those of glibc/);
    assert.deepEqual(unsure.graph?.cycles, []);
  });

  it("proves a cycle of two processes over locks in memory that they share", async function () {
    const { verdict, processes } = await examine(await hang(this, "shared"));
    assert.deepEqual([verdict.class, processes.length], ["deadlock", 2]);
    assert.match(
      verdict.proofs[0] ?? "",
      /^deadlock \d+ waits for a lock that deadlock (\d+) holds; deadlock \1 waits/,
    );
  });

  it("a chain of children is told and is no hint of a hang", async function () {
    const { verdict, graph } = await examine(await hang(this, "children"));
    assert.deepEqual([verdict.class, graph?.edges.map(({ kind }) => kind)], ["nothing", ["child", "child"]]);
  });

  for (const mode of ["idle", "own"]) {
    it(`nothing hangs in a process that is well: ${mode}`, async function () {
      const { verdict, graph } = await examine(await hang(this, mode, "4"));
      assert.deepEqual([verdict.class, verdict.proofs, graph?.cycles], ["nothing", [], []]);
    });
  }

  it("contention is never a deadlock", async function () {
    if (!program) return skip(this, "there is no gcc on this machine");
    const one = await start(program.path, ["busy", "8"]);
    running.push(one);
    assert.equal((await examine(one.pid)).verdict.proved, false);
  });

  it("a stopped process is proved to be stopped", async function () {
    const pid = await hang(this, "idle", "2");
    process.kill(pid, "SIGSTOP");
    await until({ what: "the stop", within: 60_000, every: 5 }, () => processState(pid)?.state === "T");
    const { verdict } = await examine(pid);
    process.kill(pid, "SIGCONT");
    assert.deepEqual([verdict.class, verdict.proved], ["stopped", true]);
  });
});
