import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { until } from "../base/deadline.ts";
import { findProgram } from "../base/programs.ts";
import { compile } from "../testing/program.support.ts";
import { skip } from "../testing/skip.support.ts";
import { type CopyFile, coreStacks } from "./core.ts";
import { type CoreOrigin, coreOrigin } from "./core-place.ts";

describe("the stacks in a core", function () {
  this.timeout(600_000);
  let program: Awaited<ReturnType<typeof compile>> = null;
  let directory: string;

  before(async function () {
    if (!findProgram("gdb")) return skip(this, "gdb is not installed");
    const pattern = (await readFile("/proc/sys/kernel/core_pattern", "utf8")).trim();
    if (/[|/%]/.test(pattern)) return skip(this, `this machine's core_pattern is ${pattern}`); // runs then say so
    program = await compile("assertion.c", ["-O0"]);
    if (!program) return skip(this, "there is no gcc on this machine");
  });
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "kvchaos-cores-"));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));
  after(() => program?.remove());

  /** This machine stands for the container. */
  const copy: CopyFile = async (path, to) => {
    const found = await stat(path).catch(() => null);
    if (!found?.isFile()) return null;
    await mkdir(dirname(to), { recursive: true });
    await copyFile(path, to);
    return { bytes: found.size, modified: found.mtimeMs };
  };

  async function die(limit: string): Promise<CoreOrigin> {
    const shell = `ulimit -c ${limit}; exec "$0"`;
    const child: ChildProcess = spawn("sh", ["-c", shell, program?.path ?? ""], { cwd: directory });
    let said = "";
    child.stdout?.on("data", (chunk: Buffer) => {
      said += chunk;
    });
    await until({ what: "the program's ready", within: 60_000, every: 5 }, () => said.includes("ready"));
    const origin = coreOrigin(child.pid ?? 0);
    child.stdin?.end("\n");
    await until(
      { what: "its death", within: 60_000, every: 5 },
      () => child.signalCode !== null || child.exitCode !== null,
    );
    assert.equal(child.signalCode, "SIGABRT");
    return origin ?? assert.fail("it was not noted");
  }

  it("name the assertion's function first, and the threads that only waited", async () => {
    const origin = await die("unlimited");
    const core = await coreStacks({ origin, copy, seen: null, within: 30_000 });
    assert.ok(core.found, JSON.stringify(core));
    assert.match(core.summary, /^core of \d+\.\d MB: SIGABRT in .*apply_twice < main; 2 threads$/);
    assert.match(core.text, /wait_for_ever/);
    const again = await coreStacks({ origin, copy, seen: core.modified, within: 30_000 });
    assert.match(again.found === false ? again.why : "found", /there is none at .*core in its container/);
  });

  it("are missing, with the reason, where the process left no core or nobody noted it", async () => {
    const origin = await die("0");
    const none = await coreStacks({ origin, copy, seen: null, within: 30_000 });
    assert.ok(none.found === false && none.why.includes(join(directory, "core")), JSON.stringify(none));
    const unknown = await coreStacks({ origin: null, copy, seen: null, within: 30_000 });
    assert.match(unknown.found === false ? unknown.why : "", /nobody noted/);
  });

  it("are missing, with gdb's reason, where the core is damaged; it was there all the same", async () => {
    const origin = await die("unlimited");
    const damaged: CopyFile = async (path, to) => (path.endsWith("core") ? copy("/etc/hostname", to) : copy(path, to));
    const core = await coreStacks({ origin, copy: damaged, seen: null, within: 30_000 });
    assert.equal(core.found, null);
    assert.match(core.found === null ? core.why : "", /^core of 0\.0 MB, but no stacks: gdb failed: /);
  });
});
