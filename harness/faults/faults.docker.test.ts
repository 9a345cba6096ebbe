import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { setMaxListeners } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import path from "node:path";
import { monotonicClock } from "../base/clock.ts";
import { until } from "../base/deadline.ts";
import { seededRandom } from "../base/random.ts";
import { CleanupScope } from "../base/scope.ts";
import type { RunningCluster } from "../cluster/running-cluster.ts";
import { composeOf } from "../cluster/topology/compose-of.ts";
import { upCluster } from "../cluster/up.ts";
import { connectEngine } from "../docker/engine.ts";
import { ownerLabels } from "../docker/leftovers.ts";
import type { Emit } from "../journal/events.ts";
import type { PlannedParams } from "../journal/plan.ts";
import { netemRefusal } from "../network/netem.ts";
import { packetLossRefusal } from "../network/packet-loss.ts";
import { replyText } from "../resp/reply-text.ts";
import { redis } from "../systems/redis.ts";
import { plannedParams } from "../testing/planned-params.support.ts";
import { topology } from "../testing/samples/topology.support.ts";
import { skip } from "../testing/skip.support.ts";
import { largestIn } from "./clients/slow-reader.ts";
import type { Effect, Injected } from "./fault.ts";
import { timeThrough } from "./links/measure-link.ts";
import { faults } from "./registry.ts";

const clock = monotonicClock();

describe("faults on real servers", function () {
  this.timeout(600_000);
  const scope = new CleanupScope();
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  let cluster: RunningCluster;

  before(async () => {
    const engine = await connectEngine();
    const runId = `faults-test-${process.pid}`;
    const logs = await mkdtemp(path.join(tmpdir(), "kvchaos-faults-"));
    scope.defer("logs", () => rm(logs, { recursive: true, force: true }));
    cluster = await upCluster({
      engine,
      system: redis,
      compose: await composeOf(topology({ replicas: 2 }), {}),
      image: "redis:7.0.15",
      toxiproxyImage: "kvchaos/toxiproxy:2.12.0",
      config: {},
      labels: await ownerLabels(runId),
      runId,
      logDirectory: logs,
      emit: () => {},
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

  interface Injection {
    injected: Injected;
    effect: Effect;
    events: readonly Parameters<Emit>[0][];
    heal(): Promise<void>;
  }

  async function inject(kind: string, resolved: PlannedParams): Promise<Injection> {
    const fault = faults.get(kind) ?? assert.fail(kind);
    const undo = new CleanupScope();
    const events: Parameters<Emit>[0][] = [];
    const injected = await fault.inject(
      {
        id: `${kind}#1`,
        cluster,
        clock,
        signal: controller.signal,
        onHeal: (what, step) => undo.defer(what, step),
        claim: () => () => {},
        heldBy: () => null,
        keep: async (file: string) => file,
        pausing: () => () => {},
        note: () => {},
        emit: (event) => void events.push(event),
        capture: async () => {},
      },
      resolved,
    );
    return {
      injected,
      effect: await injected.effect(),
      events,
      heal: async () => assert.deepEqual(await undo.close(), []),
    };
  }

  function resolve(kind: string, written: object): PlannedParams {
    const fault = faults.get(kind) ?? assert.fail(kind);
    return plannedParams(fault, written);
  }

  const replicates = (name: string): Promise<true> =>
    until({ what: `${name} replicates`, within: 120_000, every: 100 }, async () => {
      const { link, syncing } = await cluster.node(name).state({ within: 1_000 });
      return link === "up" && !syncing;
    });
  const value = async (name: string, key: string): Promise<string> =>
    String(await cluster.node(name).admin(["GET", key]));
  const ping = (from: string, to: string) => timeThrough(cluster.link(from, to), clock, ["PING"], 2_000);

  for (const mode of ["blackhole", "drop", "reset"] as const) {
    it(`partition ${mode}: replication stands still, and goes on after heal`, async () => {
      const { effect, heal } = await inject("partition", resolve("partition", { links: ["r1 -> m1"], mode }));
      assert.equal(effect.measured, true, effect.summary);
      await cluster.node("m1").admin(["SET", `cut-${mode}`, "yes"]);
      // r2 has it, so r1 would have it too by now.
      await until(
        { what: "the write on r2", within: 120_000, every: 5 },
        async () => (await value("r2", `cut-${mode}`)) === "yes",
      );
      assert.equal(await value("r1", `cut-${mode}`), "null");
      await heal();
      await until(
        { what: "the write to arrive", within: 120_000 },
        async () => (await value("r1", `cut-${mode}`)) === "yes",
      );
    });
  }

  it("partition blackhole keeps the connection: no FIN, no RST, nothing lost", async () => {
    const full = async () => String(await cluster.node("m1").admin(["INFO", "stats"])).match(/sync_full:(\d+)/)?.[1];
    await replicates("r1");
    const before = [await full(), (await cluster.node("r1").state()).link];
    const { heal } = await inject("partition", resolve("partition", { links: ["r1 -> m1"] }));
    assert.equal((await cluster.node("r1").state()).link, "up");
    await heal();
    await replicates("r1");
    assert.deepEqual([await full(), (await cluster.node("r1").state()).link], before);
  });

  it("partition disconnect: probes still reach the node, peers do not; it comes back with its address", async () => {
    const { heal, effect } = await inject("partition", resolve("partition", { isolate: "r2", mode: "disconnect" }));
    assert.equal(effect.measured, true, effect.summary);
    await cluster.node("m1").admin(["SET", "apart", "yes"]);
    await until(
      { what: "the write on r1", within: 120_000, every: 5 },
      async () => (await value("r1", "apart")) === "yes",
    );
    assert.equal(await value("r2", "apart"), "null");
    await heal();
    await until({ what: "the write to arrive", within: 120_000 }, async () => (await value("r2", "apart")) === "yes");
  });

  it("partition of a link that nobody uses measures no effect", async () => {
    const { effect, heal } = await inject("partition", resolve("partition", { links: ["r1 -> r2"] }));
    await heal();
    assert.equal(effect.measured, false);
  });

  it("latency: a PING takes the two delays, and not any more after heal", async () => {
    const { effect, heal } = await inject("latency", { links: ["client -> m1"], latency: 60, jitter: 0 });
    assert.equal(effect.measured, true, effect.summary);
    await heal();
    // Faster than the toxic allows: it is gone, however slow the machine is at the moment.
    await until({ what: "a PING without the delays", within: 120_000 }, async () => {
      const after = await ping("client", "m1");
      return after !== null && after < 120;
    });
  });

  it("bandwidth: an ECHO takes as long as the cap says", async () => {
    const { effect, heal } = await inject("bandwidth", { links: ["client -> m1"], rate: 50_000 });
    await heal();
    assert.equal(effect.measured, true, effect.summary);
  });

  it("slow-reader: a client of ours leaves megabytes in the server's output buffer until healed", async () => {
    const clients = async () => largestIn(replyText(await cluster.node("m1").admin(["CLIENT", "LIST"]))) ?? 0;
    const resolved = { links: ["client -> m1"], rate: 20_000, pending: 64e6 };
    const { effect, heal } = await inject("slow-reader", resolved);
    assert.equal(effect.measured, true, effect.summary);
    await until({ what: "its buffer to grow", within: 120_000 }, async () => (await clients()) > 1e6);
    await heal();
    await until({ what: "its buffer to go", within: 120_000 }, async () => (await clients()) < 1e6);
  });

  it("slow-reader: a replica reads no faster than it should", async () => {
    const { effect, heal } = await inject("slow-reader", { links: ["r1 -> m1"], rate: 50_000, pending: 1 });
    await heal();
    assert.equal(effect.measured, true, effect.summary);
  });

  it("flushall and flushdb empty the master and, through replication, the replicas", async () => {
    for (const command of ["flushall", "flushdb"]) {
      await cluster.node("m1").admin(["SET", "old", "1"]);
      const { effect } = await inject("flushall", resolve("flushall", { command, within: "10s" }));
      assert.match(effect.summary, /gone on m1 after [\d.]+ m?s, r1 after [\d.]+ m?s, r2 after [\d.]+ m?s/);
      assert.equal(effect.measured, true, effect.summary);
      await until({ what: "the flush to arrive", within: 120_000 }, async () => (await value("r1", "old")) === "null");
    }
  });

  it("flushall on a read-only replica is refused, which is no error and no effect", async () => {
    const { effect } = await inject("flushall", resolve("flushall", { node: "r1" }));
    assert.equal(effect.measured, false);
    assert.match(effect.summary, /FLUSHALL on r1 failed: READONLY/);
  });

  it("pause: the node does not answer until healed", async () => {
    const { effect, heal } = await inject("pause", { node: "r1" });
    assert.equal(effect.measured, true, effect.summary);
    await heal();
    await cluster.node("r1").ready({ within: 20_000 });
  });

  it("command: a refused one is an error, but not one that may be; an unanswered one can be left behind", async () => {
    await assert.rejects(
      inject("command", resolve("command", { node: "m1", argv: ["NOSUCH"] })),
      /refused NOSUCH: ERR unknown/,
    );
    const refusable = { node: "m1", argv: ["NOSUCH"], "may-be-refused": true };
    const refused = await inject("command", resolve("command", refusable));
    assert.deepEqual(
      [refused.effect.measured, refused.effect.summary.slice(0, 28)],
      [true, "NOSUCH: refused, ERR unknown"],
    );
    const sleeping = await inject(
      "command",
      resolve("command", { node: "r2", argv: ["DEBUG", "SLEEP", "0.8"], "wait-for-reply": false }),
    );
    assert.equal(sleeping.effect.measured, true);
    await sleeping.heal();
    await cluster.node("r2").ready({ within: 20_000 });
  });

  it("duplicate-command: on a busy machine 19 of 20 storms of 60 achieve a gap of at most 10 ms", async () => {
    const storms = 60;
    // Twice as many as the cores there are: every time slice is wanted by somebody else.
    const burners = Array.from({ length: 2 * availableParallelism() }, () =>
      spawn("sh", ["-c", "while :; do :; done"]),
    );
    try {
      const worst: number[] = [];
      const random = seededRandom("storms");
      for (let i = 0; i < storms; i++) {
        const gap = random.int(0, 8);
        const resolved = {
          nodes: ["m1", "r1"],
          argv: ["CONFIG", "SET", "slowlog-max-len", "64"],
          copies: 2,
          gap,
          within: 5e3,
        };
        const { events } = await inject("duplicate-command", resolved);
        worst.push(...events.flatMap((event) => (event.type === "duplicate-command" ? event.gaps : [])));
      }
      assert.equal(worst.length, storms);
      const near = worst.filter((gap) => gap <= 10).length;
      assert.ok(near >= 0.95 * storms, `${near} of ${storms}: ${worst.map((gap) => gap.toFixed(1)).join(" ")}`);
    } finally {
      for (const burner of burners) burner.kill("SIGKILL");
    }
  });

  for (const [node, command] of [
    ["m1", "blpop"],
    ["r1", "xread"],
  ] as const) {
    it(`blocked-clients: the server counts those in ${command.toUpperCase()}, and none after heal`, async () => {
      const blocked = async () =>
        String(await cluster.node(node).admin(["INFO", "clients"])).match(/blocked_clients:(\d+)/)?.[1];
      const { effect, heal } = await inject("blocked-clients", { node, connections: 80, command });
      assert.equal(effect.measured, true, effect.summary);
      assert.equal(await blocked(), "80");
      await heal();
      await until({ what: "nobody to be blocked", within: 120_000 }, async () => (await blocked()) === "0");
    });
  }

  it("switch-master moves the master for good, the old one becomes a replica", async () => {
    const { effect } = await inject("switch-master", resolve("switch-master", { to: "r1" }));
    assert.equal(effect.measured, true, effect.summary);
    await replicates("m1");
    await replicates("r2");
    await cluster.node("r1").admin(["SET", "moved", "yes"]);
    await until({ what: "the write to arrive", within: 120_000 }, async () => (await value("m1", "moved")) === "yes");
    await inject("switch-master", resolve("switch-master", { to: "m1" }));
    await replicates("r1");
  });

  it("kill ends the process; heal starts it in its role on the same port", async () => {
    const port = cluster.node("r2").direct.port;
    const { effect, heal } = await inject("kill", resolve("kill", { node: "r2" }));
    assert.match(effect.summary, /137/);
    await heal();
    await replicates("r2");
    assert.equal(cluster.node("r2").direct.port, port);
  });

  it("restart is graceful and ends in the same role", async () => {
    const { effect, heal } = await inject("restart", resolve("restart", { node: "r2" }));
    assert.equal(effect.measured, true, effect.summary);
    await replicates("r2");
    await heal();
  });

  it("raw-bytes: no malformed text ends Redis; one that does is found, with its shortest prefix, and Redis runs again", async () => {
    const clean = await inject(
      "raw-bytes",
      resolve("raw-bytes", { node: "r1", corpus: ["lone-crlf", "http-get", "bulk-overflow"], pipeline: 2 }),
    );
    assert.equal(clean.effect.measured, true);
    assert.match(clean.effect.summary, /others were answered all the time$/);
    assert.deepEqual(clean.events, []);
    const bytes = "SHUTDOWN\\r\\nx";
    const found = await inject("raw-bytes", resolve("raw-bytes", { links: ["client -> r2"], bytes }));
    assert.match(found.effect.summary, /r2 ended after "SHUTDOWN/);
    await found.heal();
    const [suspected, shrunk] = found.events.map((event) => (event.type === "raw-bytes" ? event : assert.fail()));
    assert.deepEqual([suspected?.link, suspected?.fate], ["client -> r2", "ended"]);
    assert.deepEqual([shrunk?.shortest, shrunk?.exact], ["SHUTDOWN\\r\\n", true]);
    await replicates("r2");
  });

  it("packets: some are lost on one link or of one node, TCP sends them again, and none is lost after heal", async function () {
    const refusal = packetLossRefusal();
    if (refusal !== null) skip(this, refusal);
    const lossy = faults.get("packets") ?? assert.fail();
    const arrives = async (key: string): Promise<void> => {
      await cluster.node("m1").admin(["SET", key, "yes"]);
      const seen = async () => (await value("r1", key)) === "yes" && (await value("r2", key)) === "yes";
      await until({ what: `${key} on both`, within: 120_000 }, seen);
    };
    for (const meant of [{ links: ["r1 -> m1"] }, { node: "r2" }]) {
      const params = resolve("packets", { ...meant, loss: "30%" });
      assert.equal(await lossy.refusal?.(params), null);
      const { injected, heal } = await inject("packets", params);
      assert.equal(injected.effectAt, "heal");
      let effect: Effect | undefined;
      await until({ what: "lost packets", within: 120_000 }, async () => {
        await arrives("lossy");
        effect = await injected.effect();
        return effect.measured;
      });
      assert.match(effect?.summary ?? "", /^(r1 -> m1|r2): \d+ of \d+ packets were lost/);
      await heal();
      assert.match((await injected.effect()).summary, /no rules|new network/);
    }
    await arrives("whole");
  });

  it("packets: what needs netem is refused where the kernel has none, with the reason", async function () {
    if ((await netemRefusal()) === null) skip(this, "this kernel has netem");
    const params = resolve("packets", { node: "r1", duplicate: "5%" });
    assert.match(
      (await faults.get("packets")?.refusal?.(params)) ?? "",
      /by netem only, which cannot be used here: .+/,
    );
  });
});
