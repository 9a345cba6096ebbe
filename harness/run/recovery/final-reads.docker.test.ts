import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { monotonicClock } from "../../base/clock.ts";
import { until } from "../../base/deadline.ts";
import { CleanupScope } from "../../base/scope.ts";
import { connectEngine } from "../../docker/engine.ts";
import { readHistory } from "../../history/read-history.ts";
import type { JournalEvent } from "../../journal/events.ts";
import { elementOf, KIND, keyOf, type LoadHistory } from "../../journal/history.ts";
import type { LoadSpec } from "../../journal/plan.ts";
import { recordOf } from "../../journal/record.ts";
import { startLoad } from "../../load/start-load.ts";
import { RawConnection } from "../../resp/connection.ts";
import type { Reply } from "../../resp/reply.ts";
import { replyText } from "../../resp/reply-text.ts";
import { FakeCluster } from "../../testing/fake-cluster.support.ts";
import { readRecorded } from "./final-reads.ts";

const IMAGE = process.env.KVCHAOS_TEST_IMAGE ?? "redis:7.0.15";
const LABELS = { "kvchaos.run": `final-reads-test-${process.pid}` };
const NODES = ["m1", "r1"];
const SPEC: LoadSpec = {
  name: "get-set",
  workload: "get-set",
  on: "masters",
  via: "link",
  connections: 4,
  pipeline: 4,
  rate: 1000,
  keys: 50,
  keyPrefix: "s:",
  value: { min: 10, max: 100 },
  elements: 40,
  timeout: 10_000,
  record: true,
  wait: null,
};
const SPECS: LoadSpec[] = [
  SPEC,
  { ...SPEC, name: "zadd", workload: "zadd", keys: 5, keyPrefix: "z:", rate: 200, wait: { replicas: 1, within: 1000 } },
  { ...SPEC, name: "hset", workload: "hset", keys: 5, keyPrefix: "h:" },
];

describe("recorded loads on a real master and its replica", function () {
  this.timeout(600_000);
  const scope = new CleanupScope();
  const clock = monotonicClock();
  const signal = new AbortController().signal;
  const events: JournalEvent[] = [];
  const emit = (event: object) => void events.push({ t: clock.now(), ...event } as JournalEvent);
  const connections: Record<string, RawConnection> = {};
  let ports: number[];
  let histories: readonly LoadHistory[];

  /** By hand: one command on a connection of the test's own. */
  async function ask(node: string, ...argv: string[]): Promise<Reply> {
    const outcome = await (connections[node] as RawConnection).send(argv, { within: 10_000 });
    assert.ok(outcome.outcome === "ok", `${argv.join(" ")}: ${JSON.stringify(outcome)}`);
    return outcome.reply;
  }

  before(async () => {
    const engine = await connectEngine();
    ports = await engine.freePorts(2);
    const name = LABELS["kvchaos.run"];
    const network = await engine.createNetwork({ name, labels: LABELS });
    scope.defer("remove the network", () => engine.removeNetwork(network.id));
    for (const [i, node] of NODES.entries()) {
      const id = await engine.createContainer({
        name: `${name}-${node}`,
        image: IMAGE,
        command: ["redis-server", "--save", "", "--protected-mode", "no", "--repl-diskless-sync-delay", "0"],
        labels: LABELS,
        networks: [{ name }],
        ports: [{ container: 6379, host: ports[i] as number }],
        stopTimeout: 1,
      });
      scope.defer(`remove ${node}`, () => engine.remove(id));
      await engine.start(id);
      connections[node] = await until({ what: `${node} answers`, within: 120_000 }, async () => {
        const one = await open(i);
        const { outcome } = await one.send(["PING"], { within: 1000 });
        return outcome === "ok" && one;
      });
    }
    await ask("r1", "REPLICAOF", `${name}-m1`, "6379");
    await until({ what: "the replica", within: 120_000 }, async () => /state=online/.test(await info("m1")));
    const directory = await mkdtemp(path.join(tmpdir(), "kvchaos-recorded-"));
    scope.defer("remove the folder", () => rm(directory, { recursive: true }));
    histories = await runLoad(directory);
  });
  after(async () => {
    for (const connection of Object.values(connections)) connection.close();
    assert.deepEqual(await scope.close(), []);
  });

  const open = (i: number) => RawConnection.open({ host: "127.0.0.1", port: ports[i] as number, within: 10_000 });
  const info = async (node: string) => replyText(await ask(node, "INFO", "replication"));

  /** Load, a stranger's write, a drained replica, final reads: as a run does it. */
  async function runLoad(directory: string): Promise<readonly LoadHistory[]> {
    const running = await startLoad({
      specs: SPECS,
      targets: Object.fromEntries(
        SPECS.map(({ name }) => [name, [{ node: "m1", host: "127.0.0.1", port: ports[0] as number }]]),
      ),
      ...{ seed: "s", clock, emit, signal, history: { directory, nodes: NODES } },
    });
    // Every key of every load is there.
    await until({ what: "60 keys", within: 120_000 }, async () => (await ask("m1", "DBSIZE")) === 60);
    await running.stop();
    await ask("m1", "SET", "s:7", "a stranger's");
    await ask("m1", "WAIT", "1", "10000");
    const cluster = new FakeCluster(["m1"], { r1: "m1" });
    for (const [i, node] of NODES.entries()) cluster.node(node).connect = () => open(i);
    await readRecorded({
      ...{ cluster, clock, emit, signal, directory, running, unreadable: () => null },
      placed: SPECS.map((spec) => ({ spec, targets: () => [], nodes: () => NODES, moveTo: () => false })),
    });
    return readHistory(directory, recordOf(events));
  }

  it("end with reads that are what each node says when asked by hand, for every key there is", async () => {
    const keys = new Set<string>();
    for (const { load, shape, final, nodes, foreign, incomplete } of histories) {
      assert.equal(incomplete, null);
      assert.ok(final.length > 0 && final.length % 2 === 0, load);
      for (let i = 0; i < final.length; i++) {
        const cell = final.cell[i] as number;
        const [key, element] = [keyOf(shape, cell), elementOf(shape, cell)];
        const argv = element === null ? ["GET", key] : [shape.type === "zset" ? "ZSCORE" : "HGET", key, element];
        const held = replyText(await ask(nodes[final.node[i] as number] as string, ...argv));
        const value = final.value[i] as number;
        const told = value < 0 ? foreign[-value - 1] : `${value}`;
        assert.equal(value > 0 ? held.split(":", 1)[0] : held, told === "0" ? "" : told, argv.join(" "));
        keys.add(key);
      }
    }
    assert.deepEqual(
      histories.map(({ foreign }) => foreign),
      [["a stranger's"], [], []],
    );
    const [, found] = (await ask("r1", "SCAN", "0", "COUNT", "100000")) as [Reply, Reply[]];
    // A key that was only read is asked for in the end, too, and is not there.
    assert.deepEqual(
      found.map(replyText).filter((key) => !keys.has(key)),
      [],
    );
  });

  it("end in every cell with a write that no acknowledged one came after", () => {
    for (const { operations, final, load } of histories) {
      const writes = Array.from(operations.value, (value, i) => ({
        value,
        cell: operations.cell[i],
        invoked: operations.invoked[i] as number,
        completed: operations.completed[i] as number,
      })).filter((_, i) => operations.kind[i] === KIND.write);
      const of = (cell: number | undefined) => writes.filter((write) => write.cell === cell);
      let written = 0;
      for (const [i, value] of final.value.entries()) {
        const own = of(final.cell[i]);
        const last = own.find((write) => write.value === value);
        if (value > 0) written++;
        // Below 0: the stranger's.
        if (value === 0) assert.deepEqual(own, [], load);
        if (value > 0) assert.ok(last && own.every(({ invoked }) => invoked <= last.completed), `${load} ${value}`);
      }
      assert.ok(written > 10, load);
    }
  });

  it("count the replicas that have a write, one WAIT behind each", async () => {
    const zadd = histories.find(({ load }) => load === "zadd")?.operations;
    assert.ok(zadd && zadd.length > 0);
    const stats = replyText(await ask("m1", "INFO", "commandstats"));
    // One WAIT is the test's own.
    assert.equal(Number(/cmdstat_wait:calls=(\d+)/.exec(stats)?.[1]), zadd.length + 1);
    const confirmed = zadd.replicas.filter((replicas) => replicas === 1).length;
    assert.ok(confirmed > 0);
    assert.ok(zadd.replicas.every((replicas) => replicas <= 1));
  });
});
