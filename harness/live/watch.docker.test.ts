import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { until } from "../base/deadline.ts";
import { CleanupScope } from "../base/scope.ts";
import type { RunningCluster } from "../cluster/running-cluster.ts";
import { composeOf } from "../cluster/topology/compose-of.ts";
import { upCluster } from "../cluster/up.ts";
import { connectEngine, type Engine } from "../docker/engine.ts";
import { ownerLabels } from "../docker/leftovers.ts";
import { ensureImage } from "../images/ensure-image.ts";
import type { JournalEvent } from "../journal/events.ts";
import { redis } from "../systems/redis.ts";
import { topology } from "../testing/samples/topology.support.ts";
import { discover, READ_ONLY_COMMANDS } from "./discover.ts";
import { watch } from "./watch.ts";

const IMAGE = "redis:7.0.15";
const WITHIN = 90_000;
const ACCESS = { username: undefined, password: undefined, sentinelPassword: undefined, tls: undefined };
const SETTINGS = { hangAfter: 2_000, stallAfter: 60_000, interval: 250, poll: 500, connections: 2, warmUp: 1_000 };
/** What servers say to each other. */
const THEIRS = ["REPLCONF", "PSYNC", "SELECT", "PING"];

describe("watching real servers", function () {
  this.timeout(600_000);
  const scope = new CleanupScope();
  let engine: Engine;
  let cluster: RunningCluster;
  let folder: string;

  before(async () => {
    engine = await connectEngine();
    await ensureImage({ engine, name: IMAGE, recipe: redis.recipe, log: () => {} });
    folder = await mkdtemp(path.join(tmpdir(), "kvchaos-watch-docker-"));
    scope.defer("its folder", () => rm(folder, { recursive: true, force: true }));
    const runId = `watch-test-${process.pid}`;
    cluster = await upCluster({
      ...{ engine, system: redis, image: IMAGE, config: {}, runId, resources: scope, scope, logDirectory: folder },
      compose: await composeOf(topology(), {}),
      toxiproxyImage: "kvchaos/toxiproxy:2.12.0",
      labels: await ownerLabels(runId),
      ...{ emit: () => {}, signal: new AbortController().signal, onEngineLost: () => {}, ours: () => false },
    });
  });
  after(async () => {
    assert.deepEqual(await scope.close(), []);
  });

  it("tells who is held and who is gone, each by its word, and writes nothing to anybody", async () => {
    const [m1, r1] = [cluster.node("m1"), cluster.node("r1")];
    const stop = new AbortController();
    // Their own addresses: a published port may be a proxy's, whose process is another one.
    const ips = await Promise.all(
      [m1, r1].map(async ({ container }) => (await engine.inspectContainer(container))?.ips),
    );
    const given = ips.map((own) => ({ host: Object.values(own ?? {})[0] ?? "", port: redis.port }));
    const { servers, silent } = await discover(given, ACCESS, { follow: false, signal: stop.signal });
    const [master, replica] = servers.map(({ name }) => name);
    const said: string[] = [];
    let begun = false;
    const onEvent = (event: JournalEvent): void => {
      if (event.type === "phase" && event.phase === "watch") begun = true;
      if (event.type === "condition") said.push(`${event.node === master ? "m1" : "r1"} ${event.now}`);
    };
    const monitor = connect(m1.direct);
    let monitored = "";
    monitor.on("data", (bytes) => {
      monitored += bytes.toString("latin1");
    });
    monitor.on("error", () => {});
    await once(monitor, "connect");
    monitor.write("MONITOR\r\n");
    const heard = (what: string) => until({ what, within: WITHIN, every: 50 }, () => said.includes(what));
    const watching = watch({
      ...{ servers, silent, access: ACCESS, limits: [], reports: folder, command: ["kvchaos"], interrupt: stop.signal },
      settings: { ...SETTINGS, duration: 10 * WITHIN },
      live: [{ name: "test", onEvent }],
    });
    await until({ what: "the watch", within: WITHIN, every: 50 }, () => begun);
    await engine.pause(r1.container);
    await heard("r1 paused");
    said.length = 0;
    await engine.unpause(r1.container);
    await heard("r1 healthy");
    await engine.kill(m1.container, "SIGKILL");
    await heard("m1 dead");
    stop.abort();
    const { verdict, findings } = await watching;
    monitor.destroy();
    assert.equal(verdict, "fail");
    const kinds = findings.map(({ type, class: kind, node }) => `${type}/${kind} ${node}`);
    assert.ok(
      kinds.includes(`hang/stopped ${replica}`) && kinds.includes(`crash/process-gone ${master}`),
      kinds.join(),
    );
    const names = [...monitored.matchAll(/ \[\d+ [^\]]+\] "([^"]+)"(?: "([^"]+)")?/g)].map(
      ([, first = "", second = ""]) => {
        const [one, two] = [first.toUpperCase(), second.toUpperCase()];
        return ["CONFIG", "CLIENT"].includes(one) ? `${one} ${two}` : one;
      },
    );
    assert.ok(names.includes("GET") && names.includes("INFO"), names.join());
    assert.deepEqual(
      [...new Set(names)].filter((name) => !READ_ONLY_COMMANDS.includes(name) && !THEIRS.includes(name)),
      [],
    );
  });
});
