import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { until } from "../../base/deadline.ts";
import { connectEngine, type Engine } from "../engine.ts";
import { findLeftovers, ownerLabels, removeRun } from "../leftovers.ts";
import { startReaper } from "./reaper.ts";

const IMAGE = "redis:7.0.15";

describe("reaper and leftovers, on a real daemon", function () {
  this.timeout(600_000);
  let engine: Engine;
  let serial = 0;
  let runId: string;
  let parent: ChildProcess | undefined;

  before(async () => {
    engine = await connectEngine();
  });
  beforeEach(() => {
    runId = `reaper-test-${process.pid}-${++serial}`;
  });
  afterEach(async () => {
    parent?.kill("SIGKILL");
    parent = undefined;
    await removeRun(engine, runId);
    await removeRun(engine, `${runId}-neighbour`);
  });

  /** A network, a volume and a running container that uses both. */
  async function make(runId: string): Promise<void> {
    const labels = await ownerLabels(runId);
    const network = await engine.createNetwork({ name: runId, labels });
    await engine.createVolume(runId, labels);
    const id = await engine.createContainer({
      name: runId,
      image: IMAGE,
      entrypoint: ["/bin/sh", "-c", "sleep 600"],
      command: [],
      labels,
      networks: [{ name: network.name }],
      volumes: [{ name: runId, path: "/data" }],
    });
    await engine.start(id);
  }

  async function count(runId: string): Promise<number> {
    const { containers, networks, volumes } = await engine.listByLabel(`kvchaos.run=${runId}`);
    return containers.length + networks.length + volumes.length;
  }

  /** Another process that starts a reaper, prints its PID and then does `then`. */
  async function harness(then: string): Promise<number> {
    const script = `
      import { startReaper } from ${JSON.stringify(new URL("./reaper.ts", import.meta.url).href)};
      const reaper = await startReaper({ runId: ${JSON.stringify(runId)} });
      console.log(reaper.pid);
      ${then}`;
    const argv = [
      "--import",
      new URL("../../base/typescript/register.mjs", import.meta.url).href,
      "--input-type=module",
      "--eval",
      script,
    ];
    parent = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = await once(parent.stdout!, "data", { signal: AbortSignal.timeout(20_000) });
    return Number(String(line));
  }

  function isGone(pid: number): boolean {
    try {
      process.kill(pid, 0);
      return false;
    } catch {
      return true;
    }
  }

  it("removes containers, networks and volumes when the harness is killed with SIGKILL", async () => {
    await make(runId);
    const reaper = await harness("setInterval(() => {}, 1000);");
    assert.equal(await count(runId), 3);
    parent!.kill("SIGKILL");
    await until({ what: "the removal", within: 120_000 }, async () => (await count(runId)) === 0);
    await until({ what: "the reaper's end", within: 120_000 }, () => isGone(reaper));
  });

  it("goes on cleaning while somebody sends it SIGTERM, SIGINT and SIGHUP", async () => {
    await make(runId);
    const reaper = await harness("setInterval(() => {}, 1000);");
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.kill(reaper, signal);
    parent!.kill("SIGKILL");
    await until({ what: "the removal", within: 120_000, every: 5 }, async () => {
      if (!isGone(reaper)) process.kill(reaper, "SIGTERM");
      return (await count(runId)) === 0;
    });
  });

  it("also cleans up after a harness that simply ends without a word", async () => {
    await make(runId);
    await harness("");
    await until({ what: "the removal", within: 120_000 }, async () => (await count(runId)) === 0);
  });

  it("touches nothing when it was dismissed", async () => {
    await make(runId);
    const reaper = await startReaper({ runId });
    assert.equal(isGone(reaper.pid), false);
    await reaper.dismiss();
    await reaper.dismiss();
    assert.equal(isGone(reaper.pid), true);
    assert.equal(await count(runId), 3);
  });

  it("leaves another run's things alone", async () => {
    const neighbour = `${runId}-neighbour`;
    await make(neighbour);
    await make(runId);
    await harness("setInterval(() => {}, 1000);");
    parent!.kill("SIGKILL");
    await until({ what: "the removal", within: 120_000 }, async () => (await count(runId)) === 0);
    assert.equal(await count(neighbour), 3);
  });

  it("finds what runs left, and says that this run goes on", async () => {
    await make(runId);
    const found = (await findLeftovers(engine)).find((left) => left.runId === runId);
    assert.deepEqual(found, { runId, owner: "alive", containers: [runId], networks: [runId], volumes: [runId] });
    assert.equal(await removeRun(engine, runId), 3);
    assert.equal(await removeRun(engine, runId), 0);
  });

  it("says what resists removal", async () => {
    const labels = await ownerLabels(runId);
    await engine.createVolume(runId, labels);
    const id = await engine.createContainer({
      name: `${runId}-stranger`,
      image: IMAGE,
      labels: { "kvchaos.run": `${runId}-stranger` },
      volumes: [{ name: runId, path: "/data" }],
    });
    try {
      await assert.rejects(
        removeRun(engine, runId, { within: 1_500 }),
        /did not happen within 1500 ms.*volume is in use/,
      );
    } finally {
      await engine.remove(id);
    }
  });
});
