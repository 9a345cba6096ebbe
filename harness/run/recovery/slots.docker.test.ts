import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { monotonicClock } from "../../base/clock.ts";
import { until } from "../../base/deadline.ts";
import { seededRandom } from "../../base/random.ts";
import { CleanupScope } from "../../base/scope.ts";
import { noLostWrites } from "../../checks/data/no-lost-writes.ts";
import { slots as slotsCheck } from "../../checks/slots/slots.ts";
import type { RunningCluster } from "../../cluster/running-cluster.ts";
import { slotOf } from "../../cluster/slots.ts";
import { composeOf } from "../../cluster/topology/compose-of.ts";
import { upCluster } from "../../cluster/up.ts";
import { connectEngine } from "../../docker/engine.ts";
import { ownerLabels } from "../../docker/leftovers.ts";
import { migrateSlots } from "../../faults/slots/migrate-slots.ts";
import { readHistory } from "../../history/read-history.ts";
import { ensureImage } from "../../images/ensure-image.ts";
import type { Emit, JournalEvent } from "../../journal/events.ts";
import type { LoadSpec } from "../../journal/plan.ts";
import { recordOf } from "../../journal/record.ts";
import { LoadGenerator } from "../../load/load-generator.ts";
import { addSample, emptySample, type LoadSample } from "../../load/tally.ts";
import { workloads } from "../../load/workloads/registry.ts";
import { redirectRefusal } from "../../network/virtual-addresses.ts";
import { redis } from "../../systems/redis.ts";
import { planned } from "../../testing/load-fixture.support.ts";
import { planOf } from "../../testing/plan-fixture.support.ts";
import { plannedParams } from "../../testing/planned-params.support.ts";
import { fixture } from "../../testing/record-fixture.support.ts";
import { topology } from "../../testing/samples/topology.support.ts";
import { skip } from "../../testing/skip.support.ts";
import { startTraffic } from "../traffic.ts";
import { closeSlots } from "./close-slots.ts";
import { readRecorded } from "./final-reads.ts";
import { readSlots } from "./slot-reads.ts";

const IMAGE = "redis:7.0.15";
const KEYS = 300;
const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

describe("slots of a real Redis Cluster", function () {
  this.timeout(600_000);
  const scope = new CleanupScope();
  const { signal } = new AbortController();
  const clock = monotonicClock();
  let events: JournalEvent[] = [];
  const emit: Emit = (event) => void events.push({ t: clock.now(), ...event } as JournalEvent);
  let cluster: RunningCluster;

  before(async function () {
    const engine = await connectEngine();
    const refusal = redirectRefusal(engine.info.local);
    if (refusal !== null) skip(this, refusal);
    await ensureImage({ engine, name: IMAGE, recipe: redis.recipe, log: () => {} });
    const runId = `slots-test-${process.pid}`;
    const logDirectory = await mkdtemp(path.join(tmpdir(), "kvchaos-slots-"));
    scope.defer("logs", () => rm(logDirectory, { recursive: true, force: true }));
    const compose = await composeOf(topology({ masters: 3, mode: "cluster" }), {});
    // Three servers are quickly up.
    const services = compose.services.filter(({ role }) => role !== "replica" && role !== "control");
    cluster = await upCluster({
      ...{ engine, compose: { ...compose, services }, runId, logDirectory, emit, scope, signal },
      ...{ system: redis, image: IMAGE, toxiproxyImage: "kvchaos/toxiproxy:2.12.0", config: {} },
      ...{ labels: await ownerLabels(runId), resources: scope, onEngineLost: () => {}, ours: () => false },
    });
    for (let n = 0; n < KEYS; n++) await cluster.node("m1").admin(["SET", `${cluster.keyTag("m1")}k${n}`, "v"]);
  });
  after(async () => {
    assert.deepEqual(await scope.close(), []);
  });
  beforeEach(() => {
    events = [];
  });

  async function inject(written: object) {
    const heals: (() => Promise<void>)[] = [];
    const stop = new AbortController();
    const injected = await migrateSlots.inject(
      {
        ...{ id: "move", cluster, clock, signal: stop.signal, emit },
        ...{ onHeal: (_: string, undo: () => Promise<void>) => void heals.push(undo), claim: () => () => {} },
        ...{
          pausing: () => () => {},
          note: () => {},
          capture: async () => {},
          heldBy: () => null,
          keep: async () => "",
        },
      },
      plannedParams(migrateSlots, written),
    );
    return {
      stop: async () => {
        stop.abort();
        for (const undo of heals) await undo();
      },
      effect: () => injected.effect(),
    };
  }

  const steps = () => events.flatMap((event) => (event.type === "slot-move" ? event.step : []));
  const healthy = { condition: "healthy" } as never;
  const aftermath = () => ({
    ...{ cluster, emit, signal, plan: planOf({ checks: ["slots"] }) },
    watchdog: { verdict: () => healthy } as never,
    claims: { abandoned: () => [], of: () => null } as never,
  });

  async function judged(): Promise<string[]> {
    await readSlots(aftermath());
    const { masters } = cluster.topology;
    const topology = { type: "topology", t: 1_500, masters, replicaOf: {}, reason: "test" } as JournalEvent;
    const told = events.map((event) => ({ ...event, t: event.type.startsWith("slot-") ? 56_000 : event.t }));
    const { valid, findings, why } = slotsCheck.check(
      fixture([topology, ...told] as JournalEvent[], { without: ["topology"] }),
    );
    return valid === true ? [] : [...findings.map((one) => one.class), ...(why ? [why] : [])];
  }

  const count = async (node: string, slot: number) =>
    Number(await cluster.node(node).admin(["CLUSTER", "COUNTKEYSINSLOT", String(slot)]));
  const own = 2843;

  it("a slot moves with its keys, every node agrees, and nothing is told", async () => {
    const { effect } = await inject({ from: "m1", to: "m2", slots: 2, batch: 100 });
    assert.match((await effect()).summary, /^2 of 2 slots moved from m1 to m2 in .*, 300 keys carried over$/);
    assert.deepEqual([await count("m1", own), await count("m2", own)], [0, KEYS]);
    assert.deepEqual(await judged(), []);
  });

  it("stopped half way it is open, and closed by the heal phase: finished, or taken back", async () => {
    for (const [close, step, where] of [
      ["roll-back", "rolled-back", "m2"],
      ["finish", "moved", "m3"],
    ] as const) {
      events = [];
      const half = await inject({ from: "m2", to: "m3", slots: [own], batch: 10, pace: 100, close });
      await until({ what: "some keys", within: 60_000, every: 20 }, async () => (await count("m3", own)) >= 20);
      await half.stop();
      assert.deepEqual(steps(), ["begin", "left-open"]);
      assert.ok((await count("m2", own)) > 0);
      await closeSlots(aftermath());
      assert.deepEqual(steps(), ["begin", "left-open", step]);
      assert.equal(await count(where, own), KEYS);
      assert.deepEqual(await judged(), []);
    }
  });

  it("a key that was left on a master that does not own it is found", async () => {
    await cluster.node("m1").admin(["CLUSTER", "SETSLOT", String(own), "IMPORTING", cluster.nodeId("m3")]);
    const connection = await cluster.node("m1").connect({ within: 5_000 });
    await connection.send(["ASKING"], { within: 5_000 });
    await connection.send(["SET", `${cluster.keyTag("m1")}k0`, "again"], { within: 5_000 });
    connection.close();
    await cluster.node("m1").admin(["CLUSTER", "SETSLOT", String(own), "STABLE"]);
    assert.deepEqual(await judged(), ["foreign-keys", "doubled-keys"]);
  });

  it("a load goes on in all its slots when some are moved, each slot by itself, and no write is lost", async () => {
    const directory = await mkdtemp(path.join(tmpdir(), "kvchaos-slots-load-"));
    scope.defer("history", () => rm(directory, { recursive: true, force: true }));
    const spec: LoadSpec = {
      ...planned("get-set"),
      ...{ workload: "get-set", via: "direct", slots: 8, keys: 400, rate: 600, connections: 24, timeout: 60_000 },
      ...{ record: true, value: { min: 20, max: 20 } },
    };
    const { topology } = cluster;
    emit({ type: "topology", ...topology, reason: "test" } as never);
    const plan = planOf({ load: [spec], checks: ["no-lost-writes"] });
    const traffic = await startTraffic({ options: { plan }, clock, emit, scope, signal, directory } as never, cluster);
    const of = (load: string) => events.flatMap((one) => (one.type === "load" && one.load === load ? one : []));
    const moves = () => events.flatMap((one) => (one.type === "load-moved" ? [[one.load, one.slot, one.to]] : []));
    const slots = (node: string) => cluster.keyTags(node, 8).map(slotOf);
    const [first, second, third] = slots("m1");
    try {
      // The tests before have moved the first two of m1.
      const away = [
        ["get-set-shard1", first, "m3"],
        ["get-set-shard1", second, "m2"],
      ];
      const sorted = (list: unknown[]) => list.map(String).sort();
      await until({ what: "MOVED", within: 120_000 }, () => moves().length >= 2 && of("get-set-shard3").length > 1);
      assert.deepEqual(sorted(moves()), sorted(away));
      const { effect } = await inject({ from: "m1", to: "m3", slots: 1, batch: 5, pace: 100 });
      const { summary } = await effect();
      const [, keys] = /^1 of 1 slots? moved from m1 to m3 in .*, (\d+) keys/.exec(summary) ?? [];
      // 400 keys of the shard are in eight slots.
      assert.ok(Number(keys) > 0 && Number(keys) <= 50, summary);
      await until({ what: "MOVED of the third", within: 120_000 }, () => moves().length >= 3);
      const since = clock.now();
      const nodesSince = () =>
        of("get-set-shard1").flatMap((one) => (one.t > since + 2000 ? Object.keys(one.nodes ?? {}) : []));
      await until({ what: "operations on all three", within: 120_000 }, () => new Set(nodesSince()).size === 3);
      assert.deepEqual(sorted(moves()), sorted([...away, ["get-set-shard1", third, "m3"]]));
    } finally {
      await traffic.stop();
    }
    for (const shard of [1, 2, 3]) {
      const own = of(`get-set-shard${shard}`);
      // On a busy machine the last that were due may come too late to be sent.
      const errors = own.flatMap((one) => Object.keys(one.errors)).filter((word) => word !== "not-sent");
      assert.deepEqual([own[0]?.connections, errors], [8, []]);
    }
    assert.ok(of("get-set-shard1").some(({ redirects = {} }) => (redirects.ASK ?? 0) > 0));
    const { running, placed } = traffic.loads ?? assert.fail();
    await readRecorded({ cluster, clock, emit, signal, directory, running, placed, unreadable: () => null });
    const told = recordOf([{ type: "run", t: 0, plan } as JournalEvent, ...events]);
    const record = recordOf(told.events, { history: await readHistory(directory, told) });
    assert.equal(record.history.length, 24);
    const touched = record.history.map(({ load, incomplete, final }) => [
      load,
      incomplete,
      final.outcome.some(Boolean),
      final.length > 0,
    ]);
    assert.deepEqual(
      touched,
      record.history.map(({ load }) => [load, null, false, true]),
    );
    const { valid, why, losses = [] } = noLostWrites.check(record);
    assert.deepEqual([valid, sum(losses.map(({ lost }) => lost ?? 1))], [true, 0], why ?? "");
    assert.ok(sum(losses.map(({ acknowledged }) => acknowledged)) > 500);
  });

  it("operations of several commands go with a slot that moves, and none is refused or half done", async () => {
    const tag = cluster.keyTag("m3");
    const at = (node: string) => ({ node, ...cluster.node(node).direct });
    const peers = Object.fromEntries(
      ["m1", "m2", "m3"].flatMap((n) => cluster.namesOf(n).map((name) => [name, at(n)])),
    );
    const generators = ["transaction", "queue", "stream"].map((workload) => {
      const more = {
        workload,
        keyPrefix: `${tag}${workload}:`,
        keys: workload === "queue" ? 3 : 50,
        elements: 3,
        connections: 8,
      };
      const spec: LoadSpec = { ...planned(workload), ...more, timeout: 60_000, value: { min: 20, max: 20 } };
      return new LoadGenerator({
        ...{ spec, clock, peers, workload: workloads.get(workload)!, targets: [at("m3")] },
        ...{ random: seededRandom(workload), share: { index: 0, of: 1 } },
      });
    });
    const sums = generators.map(() => emptySample(""));
    const counted = () => generators.forEach((one, i) => void addSample(sums[i] as LoadSample, one.sample()));
    for (const one of generators) one.start(clock.now());
    try {
      const slot = slotOf(tag);
      const served = (redirected: boolean) => () => {
        counted();
        return sums.every(({ ok, redirects }) => ok > 30 && (!redirected || (redirects.MOVED ?? 0) > 3));
      };
      await until({ what: "operations", within: 120_000, every: 20 }, served(false));
      const { effect } = await inject({ from: "m3", to: "m2", slots: [slot], batch: 5, pace: 20 });
      assert.match((await effect()).summary, /^1 of 1 slots? moved from m3 to m2/);
      await until({ what: "operations after MOVED", within: 120_000, every: 20 }, served(true));
    } finally {
      await Promise.all(generators.map((one) => one.stop()));
    }
    counted();
    // A blocked XREADGROUP is told that its stream is gone; that names no server, and is no redirection.
    for (const { errors, info } of sums) {
      assert.deepEqual([Object.keys(errors).filter((word) => word !== "UNBLOCKED"), info], [[], 0]);
    }
    const [transactions] = sums;
    assert.ok((transactions?.redirects.ASK ?? 0) + (transactions?.redirects.TRYAGAIN ?? 0) > 0, "none while it moved");
    assert.equal(await count("m3", slotOf(tag)), 0);
    for (let group = 0; group < 50; group++) {
      const keys = [0, 1, 2].map((part) => `${tag}transaction:${group}:${part}`);
      const values = (await cluster.node("m2").admin(["MGET", ...keys])) as Buffer[];
      assert.equal(new Set(values.map(String)).size, 1, `${keys}: ${values}`);
    }
  });
});
