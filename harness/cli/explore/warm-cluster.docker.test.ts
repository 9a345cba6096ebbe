import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { connectEngine, type Engine } from "../../docker/engine.ts";
import { registries } from "../../experiment/catalogue.ts";
import { readExperiment } from "../../experiment/read-experiment.ts";
import { TOXIPROXY_IMAGE } from "../../network/toxiproxy-recipe.ts";
import { runExperiment } from "../../run/run.ts";
import type { RunResult } from "../../run/run-options.ts";
import { WarmCluster } from "../../run/warm/warm-cluster.ts";
import { redis } from "../../systems/redis.ts";
import { composeFor, planFor } from "../plan-for.ts";

const IMAGE = "redis:7.0.15";
const SERVER = { system: redis, image: IMAGE };

const experiment = (fault: string): string => `
title: Short
systems: [redis]
cluster: { masters: 1, replicas: 1 }
preload: { keys: 50, value: 20B }
load: [{ workload: set, rate: 50/s, keys: 20 }]
warm-up: 500ms
duration: 1500ms
faults: [${fault}]
recovery: { within: 60s }
`;
const SWITCH = "{ id: f1, fault: switch-master, at: 300ms, to: r1 }";
const SETTING = "{ id: f1, fault: command, at: 300ms, node: r1, argv: [CONFIG, SET, maxmemory, 900mb] }";
const KILL = "{ id: f1, fault: kill, at: 300ms, node: r1, restart-after: 100ms }";

describe("the cluster of one run for the next one", function () {
  this.timeout(600_000);
  let engine: Engine;
  let folder: string;
  const warm = new WarmCluster();
  before(async () => {
    engine = await connectEngine();
    folder = await mkdtemp(path.join(tmpdir(), "kvchaos-warm-"));
  });
  after(async () => {
    await warm.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function run(fault: string): Promise<RunResult> {
    const file = path.join(folder, "short.yaml");
    await writeFile(file, experiment(fault));
    const { plan } = await planFor(await readExperiment(file, registries), "1", SERVER);
    return runExperiment({
      ...{ plan, engine, ...SERVER, toxiproxyImage: TOXIPROXY_IMAGE, benchmarkImage: null, warm },
      compose: await composeFor(plan.experiment.cluster, SERVER),
      reports: path.join(folder, "runs"),
      command: () => [],
      keep: false,
      interrupt: new AbortController().signal,
      live: [],
    });
  }
  const said = ({ record }: RunResult): string =>
    record
      .of("note")
      .filter(({ about }) => about === "cluster")
      .map(({ text }) => text)
      .join("; ");
  const left = async ({ record }: RunResult): Promise<number> => {
    const { containers, networks, volumes } = await engine.listByLabel(`kvchaos.run=${record.first("run")?.runId}`);
    return containers.length + networks.length + volumes.length;
  };

  it("is used again when nothing of the run before is left, and another is made when something is", async () => {
    const first = await run(SWITCH);
    assert.deepEqual(first.findings, []);
    // A machine that was starved leaves nothing that is worth a proof.
    if (!warm.keeps) return assert.ok(first.record.view.starved.length > 0, first.reasons.join("; "));
    const second = await run(SETTING);
    assert.match(
      said(second),
      /used again, after 1 run: 2 servers are the same processes .* without keys \(\d+ deleted\)/,
    );
    assert.deepEqual(second.findings, []);
    // Those of the run before are gone, with its roles: every key on both is of this run.
    assert.deepEqual(second.record.first("topology")?.masters, ["m1"]);
    assert.ok((second.record.last("comparison")?.masterKeys ?? 0) <= 70);
    if (!warm.keeps) return assert.ok(second.record.view.starved.length > 0, second.reasons.join("; "));
    const third = await run(KILL);
    assert.match(said(third), /another one is made, .* not clean: r1 is configured otherwise: maxmemory/);
    // A server that was killed and came back is another process.
    assert.equal(warm.keeps, false);
    await warm.close();
    assert.deepEqual([await left(first), await left(third)], [0, 0]);
  });
});
