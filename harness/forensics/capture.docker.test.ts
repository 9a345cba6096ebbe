import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monotonicClock } from "../base/clock.ts";
import { until } from "../base/deadline.ts";
import { CleanupScope } from "../base/scope.ts";
import { connectEngine, type Engine } from "../docker/engine.ts";
import type { ImageRecipe } from "../images/image-recipe.ts";
import { wrapImage } from "../images/wrap-image.ts";
import { compile } from "../testing/program.support.ts";
import { skip } from "../testing/skip.support.ts";
import { captureEvidence, type EvidenceOptions } from "./capture.ts";
import { readThreads } from "./process.ts";
import type { SidecarOptions } from "./sidecar.ts";
import { takeBaseline } from "./wait-baseline.ts";

const RUN = `forensics-test-${process.pid}`;
const IMAGE = `kvchaos/${RUN}:1`;
/** With a shell: that of the test program has none. */
const SHELL_IMAGE = "redis:7.0.15";
const RECIPE: ImageRecipe = {
  entrypoint: ["/deadlock"],
  command: ["idle"],
  binaryPath: "/deadlock",
  user: { name: "root", uid: 0, runAs: "image" },
  ports: [],
  volumes: [],
  workingDirectory: "/",
  environment: {},
  files: [],
  shell: "none",
  source: { kind: "none", hint: "the test compiles it" },
};

describe("capturing a process in a container", function () {
  this.timeout(600_000);
  const clock = monotonicClock();
  const scope = new CleanupScope();
  let engine: Engine;
  let directory: string;
  let containers: CleanupScope;
  let serial = 0;

  before(async function () {
    const program = await compile("deadlock.c");
    if (!program) return skip(this, "there is no gcc on this machine");
    scope.defer("remove the program", program.remove);
    engine = await connectEngine();
    if (!engine.info.local) return skip(this, "the engine's processes are not in this machine's /proc");
    scope.defer("remove the image", () => engine.removeImage(IMAGE));
    await wrapImage({ engine, recipe: RECIPE, binary: program.path, tag: IMAGE, log: () => {} });
    directory = await mkdtemp(join(tmpdir(), "kvchaos-evidence-"));
    scope.defer("remove the evidence", () => rm(directory, { recursive: true, force: true }));
  });
  beforeEach(() => {
    containers = new CleanupScope();
  });
  afterEach(async () => {
    assert.deepEqual(await containers.close(), []);
  });
  after(async () => {
    assert.deepEqual(await scope.close(), []);
  });

  async function run(...command: string[]): Promise<{ id: string; pid: number }> {
    const name = `${RUN}-${++serial}`;
    const id = await engine.createContainer({
      name,
      image: IMAGE,
      command,
      labels: { "kvchaos.run": RUN },
      stopTimeout: 1,
    });
    containers.defer(`remove ${name}`, () => engine.remove(id));
    await engine.start(id);
    const pid = (await engine.inspectContainer(id))?.pid;
    assert.ok(pid);
    const threads = Number(command[1]) + 3;
    let before = "";
    await until({ what: "threads at rest", within: 120_000, every: 30 }, () => {
      const now = JSON.stringify(readThreads(pid).filter(({ comm }) => comm !== "sleeper" && comm !== "loop"));
      const rest = now === before && readThreads(pid).length >= threads - 1;
      before = now;
      return rest;
    });
    return { id, pid };
  }
  const capture = (pid: number | null, more: Partial<EvidenceOptions> = {}) =>
    captureEvidence({
      node: "r1",
      pid,
      directory: join(directory, `r1-${serial}`),
      reason: "test",
      links: [],
      clock,
      ...more,
    });
  const SWITCH =
    /^worker (\d+) waits for master-repl (\d+) to end; master-repl \2 waits for a lock that worker \1 holds: a cycle$/;

  it("proves the deadlock with the host's thread ids, although the process knows its threads as 1, 2, 3", async () => {
    const { pid } = await run("switch", "7");
    const { proof, data, summary } = await capture(pid);
    assert.match(proof ?? "", SWITCH);
    assert.match(summary, /8 threads \(deadlock, worker ×7\) wait behind/);
    // A namespace of its own: what the locks hold are other numbers than the host's.
    assert.equal(Math.min(...data.threads.map((thread) => thread.nsTid)), 1);
    for (const { tid, nsTid } of data.threads) assert.notEqual(tid, nsTid);
    const [, worker] = SWITCH.exec(proof ?? "") ?? [];
    assert.equal(data.threads.find((thread) => thread.tid === Number(worker))?.comm, "worker");
  });

  it("proves it while the container is paused, and leaves gdb out", async () => {
    const { id, pid } = await run("flush", "4");
    await engine.pause(id);
    containers.defer("unpause", () => engine.unpause(id));
    const { proof, summary, stoppedProcessMs } = await capture(pid, { gdb: () => true });
    assert.match(proof ?? "", /^ReplBgWorker \d+ waits for a mutex that it holds itself: a self-deadlock$/);
    assert.equal(stoppedProcessMs, 0);
    assert.match(summary, /missing: function names because (the container is paused|gdb is not installed)/);
  });

  it("gdb names functions of the container's own binary and libraries, and its pause is told", async function () {
    const { pid } = await run("switch", "3");
    const steps: string[] = [];
    const { data, summary, files, stoppedProcessMs } = await capture(pid, {
      gdb: () => true,
      onStopped: () => {
        steps.push("stopped");
        return () => void steps.push("goes on");
      },
    });
    if (summary.includes("gdb is not installed")) return skip(this, "gdb is not installed");
    const stacks = await readFile(files.find((file) => file.endsWith("stacks-gdb.txt")) ?? "", "utf8");
    const repl = data.groups.find((group) => group.comms.includes("master-repl"));
    assert.equal(repl?.frames?.at(-1), "master_repl", stacks);
    assert.equal(data.groups.find((group) => group.count === 3)?.frames?.at(-1), "reader");
    assert.ok(stoppedProcessMs > 0);
    assert.deepEqual(steps, ["stopped", "goes on"]);
    // They were set running a moment ago.
    await until({ what: "all threads asleep", within: 120_000 }, () =>
      readThreads(pid).every(({ state }) => state === "S"),
    );
  });

  describe("through a sidecar, where this machine's /proc does not show it", () => {
    const sidecar = (container: string): SidecarOptions => ({
      engine,
      container,
      image: SHELL_IMAGE,
      labels: { "kvchaos.run": RUN },
      processName: "deadlock",
    });
    before(async function () {
      if (!(await engine.inspectImage(SHELL_IMAGE))) skip(this, `image ${SHELL_IMAGE} is missing: npm test makes it`);
    });

    it("proves the same deadlock with the ids inside the container, and leaves no sidecar behind", async () => {
      const { id } = await run("switch", "7");
      const { proof, summary, data, files, stoppedProcessMs } = await capture(null, {
        sidecar: sidecar(id),
        gdb: () => true,
      });
      assert.match(proof ?? "", SWITCH, summary);
      assert.match(summary, /8 threads \(deadlock, worker ×7\) wait behind/);
      assert.match(
        summary,
        /seen through a sidecar container .* because the server's process is not known on this host/,
      );
      assert.match(summary, /missing: function names because the server's process is not known on this host/);
      assert.ok(data.threads.some(({ tid, nsTid }) => tid === 1 && nsTid === 1));
      assert.equal(stoppedProcessMs, 0);
      assert.ok(files.some((file) => file.endsWith("wait-for.txt")));
      const { containers: left } = await engine.listByLabel(`kvchaos.run=${RUN}`);
      assert.deepEqual(
        left.map((container) => container.id),
        [id],
      );
    });

    it("proves a lock taken twice while the container is paused", async () => {
      const { id } = await run("flush", "4");
      await engine.pause(id);
      containers.defer("unpause", () => engine.unpause(id));
      const { proof } = await capture(null, { sidecar: sidecar(id) });
      assert.match(proof ?? "", /^ReplBgWorker \d+ waits for a mutex that it holds itself: a self-deadlock$/);
    });

    it("a by-design wait is known from a baseline taken in the same way", async () => {
      const { id } = await run("own", "4");
      const baseline = await takeBaseline(sidecar(id));
      assert.equal(baseline.missing, null);
      const { proof, data } = await capture(null, { sidecar: sidecar(id), baseline });
      assert.deepEqual([proof, data.graph?.class], [null, "none"]);
      assert.ok(data.graph?.subtracted.some((edge) => edge.kind === "mutex"));
    });

    it("says what is missing and why when it sees nothing", async () => {
      const { id } = await run("idle", "1");
      const other = { ...sidecar(id), processName: "kvrocks" };
      const { summary, proof } = await capture(null, { sidecar: other });
      assert.equal(proof, null);
      assert.match(summary, /missing: threads, sockets, wait-for graph because .*no process there is called kvrocks/);
      const gone = await capture(null, { sidecar: { ...sidecar(id), image: "kvchaos/no-such-image:1" } });
      assert.match(gone.summary, /missing: threads, sockets, wait-for graph because .*no-such-image/);
    });
  });

  it("a healthy pool and a by-design wait are no hang", async () => {
    const { pid } = await run("own", "4");
    const baseline = await takeBaseline(pid);
    const { proof, data } = await capture(pid, { baseline });
    assert.deepEqual([proof, data.graph?.class], [null, "none"]);
  });
});
