import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { monotonicClock } from "../base/clock.ts";
import { until } from "../base/deadline.ts";
import { CleanupScope } from "../base/scope.ts";
import { compareDatasets } from "../cluster/compare/compare.ts";
import { connectEngine } from "../docker/engine.ts";
import { readHistory } from "../history/read-history.ts";
import type { JournalEvent } from "../journal/events.ts";
import type { LoadSpec } from "../journal/plan.ts";
import { recordOf } from "../journal/record.ts";
import { preload } from "../load/preload.ts";
import { startLoad } from "../load/start-load.ts";
import { RawConnection } from "../resp/connection.ts";
import { FakeCluster } from "../testing/fake-cluster.support.ts";
import { placeLoads } from "./load-targets.ts";
import { readRecorded } from "./recovery/final-reads.ts";

const IMAGE = process.env.KVCHAOS_TEST_IMAGE ?? "redis:7.0.15";
const NAME = `kvchaos-databases-test-${process.pid}`;
const LABELS = { "kvchaos.run": NAME };
const SPEC: LoadSpec = {
  ...{ name: "set", workload: "set", on: "masters", via: "direct", connections: 4, pipeline: 1, rate: 500, keys: 20 },
  ...{ keyPrefix: "set:", value: { min: 10, max: 20 }, elements: 1, timeout: 60_000, record: true, wait: null },
};

describe("two databases of real servers", function () {
  this.timeout(600_000);
  const scope = new CleanupScope();
  const clock = monotonicClock();
  const signal = new AbortController().signal;
  const emit = (event: object) => void events.push({ t: clock.now(), ...event } as JournalEvent);
  const events: JournalEvent[] = [];
  let ports: number[];

  before(async () => {
    const engine = await connectEngine();
    ports = await engine.freePorts(2);
    const network = await engine.createNetwork({ name: NAME, labels: LABELS });
    scope.defer("remove the network", () => engine.removeNetwork(network.id));
    for (const [i, node] of ["m1", "r1"].entries()) {
      const id = await engine.createContainer({
        name: `${NAME}-${node}`,
        image: IMAGE,
        command: ["redis-server", "--save", "", "--protected-mode", "no"],
        labels: LABELS,
        networks: [{ name: NAME }],
        ports: [{ container: 6379, host: ports[i] as number }],
        stopTimeout: 1,
      });
      scope.defer(`remove ${node}`, () => engine.remove(id));
      await engine.start(id);
      await until({ what: `${node} answers`, within: 120_000 }, async () => {
        return (await ask(i, 0, "PING")).outcome === "ok";
      });
    }
  });
  after(async () => assert.deepEqual(await scope.close(), []));

  const open = (i: number, database = 0) =>
    RawConnection.open({ host: "127.0.0.1", port: ports[i] as number, within: 10_000, database });

  async function ask(i: number, database: number, ...argv: string[]) {
    const connection = await open(i, database);
    try {
      return await connection.send(argv, { within: 10_000 });
    } finally {
      connection.close();
    }
  }
  const size = async (i: number, database: number) => {
    const outcome = await ask(i, database, "DBSIZE");
    return outcome.outcome === "ok" ? outcome.reply : outcome.error;
  };
  const compare = () => {
    const [m, r] = ports.map((port) => ({ host: "127.0.0.1", port }));
    assert.ok(m && r);
    return compareDatasets({
      ...{ master: m, replica: r, masterName: "m1", replicaName: "r1", databases: 2, within: 60_000, signal },
    });
  };

  it("are filled, compared and told apart", async () => {
    const spec = { keys: 50, value: { min: 10, max: 20 }, types: ["string" as const, "hash" as const] };
    for (const [i, port] of ports.entries()) {
      const targets = [{ node: "m1", host: "127.0.0.1", port }];
      await preload({ spec, targets, databases: 2, seed: "s", emit, signal, within: 60_000 });
      assert.deepEqual([await size(i, 0), await size(i, 1), await size(i, 2)], [50, 50, 0]);
    }
    const equal = await compare();
    assert.deepEqual([equal.complete, equal.different, equal.masterKeys], [true, 0, 100]);
    await ask(1, 1, "SET", "preload:string:4", "other");
    await ask(1, 0, "DEL", "preload:string:2");
    const { differences } = await compare();
    assert.deepEqual(
      differences.map(({ key, kind }) => `${kind} ${key}`),
      ["missing-on-replica preload:string:2", "value db1 preload:string:4"],
    );
  });

  it("get a part of a load each, of which every key is read in the end", async () => {
    const directory = await mkdtemp(path.join(tmpdir(), "kvchaos-databases-"));
    scope.defer("remove the folder", () => rm(directory, { recursive: true }));
    const cluster = new FakeCluster(["m1"], {});
    cluster.node("m1").connect = ({ database } = {}) => open(0, database);
    const targets = [{ node: "m1", host: "127.0.0.1", port: ports[0] as number }];
    const placed = placeLoads(cluster, [SPEC], 2).map((one) => ({ ...one, targets: () => targets }));
    const running = await startLoad({
      specs: placed.map(({ spec }) => spec),
      targets: Object.fromEntries(placed.map(({ spec }) => [spec.name, targets])),
      ...{ seed: "s", clock, emit, signal, history: { directory, nodes: ["m1"] } },
    });
    await until({ what: "all keys", within: 120_000 }, async () => {
      return (await size(0, 0)) === 70 && (await size(0, 1)) === 70;
    });
    await running.stop();
    await readRecorded({ cluster, clock, emit, signal, directory, running, placed, unreadable: () => null });
    const histories = await readHistory(directory, recordOf(events));
    assert.deepEqual(
      histories.map(({ load, shape }) => [load, shape.prefix]),
      [
        ["set-db0", "db0:set:"],
        ["set-db1", "db1:set:"],
      ],
    );
    for (const { final, incomplete } of histories) {
      assert.equal(incomplete, null);
      assert.equal(final.length, 20);
      assert.ok(final.value.every((value) => value > 0));
    }
  });

  it("are no more than the server has", async () => {
    await assert.rejects(open(0, 99), /SELECT was not accepted: ERR/);
  });
});
