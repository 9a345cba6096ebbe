import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { until } from "../base/deadline.ts";
import { CleanupScope } from "../base/scope.ts";
import { composeOf } from "../cluster/topology/compose-of.ts";
import { connectEngine, type Engine } from "../docker/engine.ts";
import { ownerLabels } from "../docker/leftovers.ts";
import type { JournalEvent } from "../journal/events.ts";
import { redirectRefusal } from "../network/virtual-addresses.ts";
import { kvrocks } from "../systems/kvrocks.ts";
import { dialMistakes } from "../testing/dial-everywhere.support.ts";
import { topology } from "../testing/samples/topology.support.ts";
import { skip } from "../testing/skip.support.ts";
import type { RunningCluster } from "./running-cluster.ts";
import { upCluster } from "./up.ts";

const IMAGES = ["apache/kvrocks:2.11.0", "apache/kvrocks:2.9.0"];

describe("a Kvrocks cluster of two shards on real servers", function () {
  this.timeout(600_000);
  const scope = new CleanupScope();
  const controller = new AbortController();
  const events: JournalEvent[] = [];
  const runId = `kvrocks-cluster-test-${process.pid}`;
  let engine: Engine;
  let cluster: RunningCluster;

  before(async function () {
    engine = await connectEngine();
    let image: string | undefined;
    for (const name of IMAGES) if (!image && (await engine.inspectImage(name))) image = name;
    if (!image) return skip(this, `no image ${IMAGES.join(" or ")}: kvchaos images wrap --system kvrocks makes one`);
    const logs = await mkdtemp(path.join(tmpdir(), "kvchaos-kvrocks-"));
    scope.defer("logs", () => rm(logs, { recursive: true, force: true }));
    cluster = await upCluster({
      engine,
      system: kvrocks,
      compose: await composeOf(topology({ masters: 2, mode: "cluster" }), {}),
      image,
      toxiproxyImage: "kvchaos/toxiproxy:2.12.0",
      config: {},
      labels: await ownerLabels(runId),
      runId,
      logDirectory: logs,
      emit: (event) => void events.push(event as JournalEvent),
      resources: scope,
      scope,
      signal: controller.signal,
      onEngineLost: () => {},
      ours: () => false,
    });
  });

  after(async () => {
    assert.deepEqual(await scope.close(), []);
  });

  const attached = (name: string, master: string): Promise<true> =>
    until({ what: `${name} follows ${master}`, within: 120_000, every: 100 }, async () => {
      const { host, port } = cluster.link(name, master).address;
      const state = await cluster.node(name).state({ within: 1_000 });
      return state.link === "up" && !state.syncing && state.masterHost === host && state.masterPort === port;
    });

  it("replicates over the links, each shard from its own master", async () => {
    await attached("r1", "m1");
    await attached("r2", "m2");
    assert.ok(events.some((event) => event.type === "full-sync" && event.node === "r1" && event.step === "done"));
  });

  it("lets every server dial every other, under every name and port that is shown", async function () {
    const refusal = redirectRefusal(engine.info.local);
    if (refusal !== null) skip(this, refusal);
    assert.deepEqual(await dialMistakes({ engine, cluster, runId }), []);
  });

  it("takes keys with a shard's tag on its master only", async () => {
    const { shards } = cluster;
    assert.ok(shards);
    for (const [own, other] of [
      ["m1", "m2"],
      ["m2", "m1"],
    ] as const) {
      const key: string = `${shards.tag(own)}key`;
      assert.equal(String(await cluster.node(own).admin(["SET", key, "1"])), "OK");
      await assert.rejects(cluster.node(other).admin(["SET", key, "1"]), /MOVED/);
    }
  });

  it("moves a replica to the other shard by a topology of its own, on a lasting connection", async () => {
    const topology = { masters: ["m1", "m2"], replicaOf: { r1: "m2", r2: "m2" } };
    cluster.intend(topology, "test");
    await cluster.applyRole("r1", { lasting: { connection: 0, by: "test#1" } });
    await attached("r1", "m2");
    const answered = events.find((event) => event.type === "admin-command" && event.step === "answered");
    assert.ok(answered?.type === "admin-command" && (answered.ms ?? 0) > 0 && answered.by === "test#1");
  });

  it("promotes a replica, which takes over its master's slots", async () => {
    const tag = cluster.shards?.tag("m2") ?? "";
    cluster.intend({ masters: ["m1", "r2"], replicaOf: { m2: "r2", r1: "r2" } }, "test");
    for (const name of ["r2", "m2", "r1"]) await cluster.applyRole(name);
    await attached("m2", "r2");
    assert.equal(cluster.shards?.tag("r2"), tag);
    assert.equal(String(await cluster.node("r2").admin(["SET", `${tag}after`, "1"])), "OK");
  });
});
