import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { until } from "../base/deadline.ts";
import { CleanupScope } from "../base/scope.ts";
import { connectEngine, type Engine } from "../docker/engine.ts";
import { ownerLabels } from "../docker/leftovers.ts";
import { ensureImage } from "../images/ensure-image.ts";
import type { EventOf, JournalEvent } from "../journal/events.ts";
import type { Topology } from "../journal/topology.ts";
import { redirectRefusal } from "../network/virtual-addresses.ts";
import { replyText } from "../resp/reply-text.ts";
import { redis } from "../systems/redis.ts";
import { dialMistakes } from "../testing/dial-everywhere.support.ts";
import { topology } from "../testing/samples/topology.support.ts";
import { skip } from "../testing/skip.support.ts";
import type { RunningCluster } from "./running-cluster.ts";
import { composeOf } from "./topology/compose-of.ts";
import { upCluster } from "./up.ts";

const IMAGE = "redis:7.0.15";
const AGREED_MS = 60_000;

interface Up {
  engine: Engine;
  cluster: RunningCluster;
  runId: string;
  events: JournalEvent[];
}

async function start(context: Mocha.Context, scope: CleanupScope, said: Topology): Promise<Up> {
  const engine = await connectEngine();
  const refusal = redirectRefusal(engine.info.local);
  if (refusal !== null) skip(context, refusal);
  await ensureImage({ engine, name: IMAGE, recipe: redis.recipe, log: () => {} });
  const runId = `self-rule-test-${said.mode}-${process.pid}`;
  const logs = await mkdtemp(path.join(tmpdir(), "kvchaos-self-rule-"));
  scope.defer("logs", () => rm(logs, { recursive: true, force: true }));
  const events: JournalEvent[] = [];
  const cluster = await upCluster({
    engine,
    system: redis,
    compose: await composeOf(said, {}),
    image: IMAGE,
    toxiproxyImage: "kvchaos/toxiproxy:2.12.0",
    config: {},
    labels: await ownerLabels(runId),
    runId,
    logDirectory: logs,
    emit: (event) => void events.push(event as JournalEvent),
    resources: scope,
    scope,
    signal: new AbortController().signal,
    onEngineLost: () => {},
    ours: () => false,
  });
  return { engine, cluster, runId, events };
}

const agreed = ({ cluster }: Up, masters: string[]) =>
  until({ what: `agreement on ${masters}`, within: AGREED_MS, every: 100 }, () => {
    const all = cluster.agreement?.dissent() ?? [];
    return all.length === 0 && JSON.stringify(cluster.topology.masters) === JSON.stringify(masters);
  });

/** Addresses at the other end of this node's connections, as its own network namespace sees them. */
function peersOf(cluster: RunningCluster, name: string): Set<string> {
  const pid = cluster.node(name).pid();
  const lines = readFileSync(`/proc/${pid}/net/tcp`, "utf8").split("\n").slice(1);
  const remote = lines.flatMap((line) => {
    const [, , address, state] = line.trim().split(/\s+/);
    return state === "01" && address ? [address.slice(0, 8)] : [];
  });
  return new Set(
    remote.map((hex) =>
      (hex.match(/../g) ?? [])
        .reverse()
        .map((one) => Number.parseInt(one, 16))
        .join("."),
    ),
  );
}

/** Cuts every link between these nodes and all others, both ways. Returns the undo. */
async function isolate({ cluster }: Up, name: string): Promise<() => Promise<void>> {
  const links = cluster.links.filter(({ from, to }) => from !== "client" && (from === name || to === name));
  const directions = ["to-master", "to-replica"] as const;
  for (const link of links)
    for (const way of directions) await link.addToxic(`cut-${name}-${way}`, "bandwidth", way, { rate: 0 });
  return async () => {
    for (const link of links) for (const way of directions) await link.removeToxic(`cut-${name}-${way}`);
  };
}

async function directPeers({ engine, cluster }: Up): Promise<string[]> {
  const all = [...cluster.nodes, ...cluster.sentinels];
  const own = await Promise.all(
    all.map(async ({ container }) => (await engine.inspectContainer(container))?.ips ?? {}),
  );
  const addresses = own.flatMap((ips) => Object.values(ips));
  return all.flatMap(({ name }) =>
    [...peersOf(cluster, name)].filter((peer) => addresses.includes(peer)).map((peer) => `${name}: ${peer}`),
  );
}

describe("a Redis Cluster on real servers", function () {
  this.timeout(600_000);
  const scope = new CleanupScope();
  let up: Up;

  before(async function () {
    up = await start(this, scope, topology({ masters: 3, mode: "cluster" }));
  });
  after(async () => {
    assert.deepEqual(await scope.close(), []);
  });

  it("is in order, and no server has a connection to another that is not through a link", async () => {
    await agreed(up, ["m1", "m2", "m3"]);
    assert.deepEqual(await directPeers(up), []);
    const { shards } = up.cluster;
    assert.equal(String(await up.cluster.node("m2").admin(["SET", `${shards?.tag("m2")}key`, "1"])), "OK");
    await assert.rejects(up.cluster.node("m2").admin(["SET", `${shards?.tag("m1")}key`, "1"]), /MOVED/);
  });

  it("lets every server dial every other, bus included, under every name and port that is shown", async () => {
    assert.deepEqual(await dialMistakes(up), []);
  });

  it("elects another master when one is cut off, gossip included, and takes it back as replica", async () => {
    const heal = await isolate(up, "m1");
    await until(
      { what: "r1 to be elected", within: AGREED_MS, every: 100 },
      () => up.cluster.topology.masters[0] === "r1",
    );
    const said = up.events.findLast((event): event is EventOf<"topology"> => event.type === "topology");
    assert.match(said?.reason ?? "", /r1 is master instead of m1: [45] of 6 say so/);
    assert.equal(up.cluster.shards?.tag("r1"), up.cluster.keyTag("m1"));
    assert.ok(
      up.cluster.agreement?.dissent().some(({ node }) => node === "m1"),
      "m1 cannot know",
    );
    await heal();
    await agreed(up, ["r1", "m2", "m3"]);
  });

  it("moves a master by CLUSTER FAILOVER; a server that was killed finds its links again", async () => {
    const { cluster } = up;
    await until({ what: "m1 to follow r1", within: AGREED_MS, every: 200 }, async () => {
      const state = await cluster.node("m1").state();
      return state.link === "up" && state.masterHost === cluster.link("m1", "r1").address.host;
    });
    // Servers that have no time for it in 5 s give it up, and say so in their logs only: who wants it asks again.
    let asked = Number.NEGATIVE_INFINITY;
    await until({ what: "m1 to be master", within: AGREED_MS, every: 100 }, async () => {
      if ((await cluster.node("m1").state()).role === "master") return true;
      if (performance.now() - asked > 6000) {
        asked = performance.now();
        await cluster.node("m1").admin(["CLUSTER", "FAILOVER"]);
      }
      return false;
    });
    await agreed(up, ["m1", "m2", "m3"]);
    await cluster.node("r3").kill("SIGKILL");
    await until({ what: "r3 to end", within: 120_000 }, async () => !(await cluster.node("r3").inspect()).running);
    await cluster.node("r3").start();
    await until({ what: "r3 to be back", within: AGREED_MS, every: 200 }, async () => {
      const nodes = replyText(await cluster.node("r3").admin(["CLUSTER", "NODES"]));
      const others = nodes
        .trim()
        .split("\n")
        .filter((line) => !line.includes("myself"));
      return others.length === 5 && others.every((line) => / connected/.test(line) && !/fail/.test(line));
    });
    assert.equal((await cluster.node("r3").state()).masterHost, cluster.link("r3", "m3").address.host);
    assert.deepEqual(await directPeers(up), []);
  });

  it("is told no role by the operator, though he asks for it: REPLICAOF would be refused", async () => {
    await assert.rejects(up.cluster.node("r2").admin(redis.commands.promote()), /not allowed in cluster mode/);
    await up.cluster.applyRole("r2");
  });
});

describe("sentinels on real servers", function () {
  this.timeout(600_000);
  const scope = new CleanupScope();
  let up: Up;

  before(async function () {
    up = await start(this, scope, topology({ replicas: 2, mode: "sentinel", sentinels: 3 }));
  });
  after(async () => {
    assert.deepEqual(await scope.close(), []);
  });

  const follows = (replica: string, master: string) =>
    until({ what: `${replica} to follow ${master}`, within: AGREED_MS, every: 200 }, async () => {
      const { host, port } = up.cluster.link(replica, master).address;
      const state = await up.cluster.node(replica).state();
      return state.link === "up" && state.masterHost === host && state.masterPort === port;
    });

  it("know each other, and nobody has a connection that is not through a link", async () => {
    await agreed(up, ["m1"]);
    assert.equal(up.cluster.sentinels.length, 3);
    assert.deepEqual(await directPeers(up), []);
  });

  it("and the servers dial each other, and they them, under every name and port that is shown", async () => {
    assert.deepEqual(await dialMistakes(up), []);
  });

  it("move the master when they are asked to, and the old one follows", async () => {
    const { sentinel } = redis;
    assert.ok(sentinel);
    await up.cluster.node("s2").admin(sentinel.commands.failover());
    await until(
      { what: "another master", within: AGREED_MS, every: 100 },
      () => up.cluster.topology.masters[0] !== "m1",
    );
    const [now] = up.cluster.topology.masters as [string];
    await agreed(up, [now]);
    assert.equal((await up.cluster.node(now).state()).role, "master");
    for (const replica of Object.keys(up.cluster.topology.replicaOf)) await follows(replica, now);
  });

  it("replace a master that is cut off, while one of them is; that one learns of it when it is back", async () => {
    const [old] = up.cluster.topology.masters as [string];
    const heal = await isolate(up, "s3");
    const healMaster = await isolate(up, old);
    await until(
      { what: "another master", within: AGREED_MS, every: 100 },
      () => up.cluster.topology.masters[0] !== old,
    );
    assert.ok(
      up.cluster.agreement?.dissent().some(({ node }) => node === "s3"),
      "s3 cannot know",
    );
    const said = up.events.findLast((event): event is EventOf<"topology"> => event.type === "topology");
    assert.match(said?.reason ?? "", /: 2 of 3 say so/);
    await heal();
    await healMaster();
    await agreed(up, [...up.cluster.topology.masters]);
    await follows(old, up.cluster.topology.masters[0] as string);
  });

  it("keep what they know when they are started again", async () => {
    const s1 = up.cluster.node("s1");
    await s1.kill("SIGKILL");
    await until({ what: "s1 to end", within: 120_000 }, async () => !(await s1.inspect()).running);
    await s1.start();
    await agreed(up, [...up.cluster.topology.masters]);
    const { sentinel } = redis;
    assert.ok(sentinel);
    await until({ what: "s1 to know the others", within: AGREED_MS, every: 200 }, async () => {
      const known = sentinel.known(await s1.admin(sentinel.commands.view()));
      return known.replicas === 2 && known.sentinels === 2;
    });
    assert.deepEqual(await directPeers(up), []);
  });
});
