import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { monotonicClock } from "../../base/clock.ts";
import { until } from "../../base/deadline.ts";
import { CleanupScope } from "../../base/scope.ts";
import { linearizable } from "../../checks/data/linearizable.ts";
import { noLostWrites } from "../../checks/data/no-lost-writes.ts";
import { perKeyOrder } from "../../checks/data/per-key-order.ts";
import { connectEngine } from "../../docker/engine.ts";
import { readHistory } from "../../history/read-history.ts";
import type { JournalEvent } from "../../journal/events.ts";
import { KIND, keyOf, type LoadHistory, OUTCOME } from "../../journal/history.ts";
import type { LoadSpec } from "../../journal/plan.ts";
import { recordOf } from "../../journal/record.ts";
import { DEADLINE_COMMANDS } from "../../journal/time-to-live.ts";
import { startLoad } from "../../load/start-load.ts";
import { RawConnection } from "../../resp/connection.ts";
import { replyText } from "../../resp/reply-text.ts";
import { redis } from "../../systems/redis.ts";
import { FakeCluster } from "../../testing/fake-cluster.support.ts";
import { fixture } from "../../testing/record-fixture.support.ts";
import { readRecorded } from "./final-reads.ts";

const IMAGE = process.env.KVCHAOS_TEST_IMAGE ?? "redis:7.0.15";
const NAME = `kvchaos-expiring-test-${process.pid}`;
const LABELS = { "kvchaos.run": NAME };
const SPEC: LoadSpec = {
  name: "get-set",
  workload: "get-set",
  on: "masters",
  via: "link",
  connections: 4,
  pipeline: 1,
  rate: 2000,
  keys: 200,
  keyPrefix: "e:",
  value: { min: 10, max: 100 },
  elements: 1,
  timeout: 60_000,
  record: true,
  wait: null,
  // Some deadlines come while load runs, others after all of it.
  ttl: { of: { min: 200, max: 100_000 }, share: 0.8, by: [...DEADLINE_COMMANDS] },
};
const SHORT: LoadSpec = { ...SPEC, name: "short", keyPrefix: "s:", ttl: { ...SPEC.ttl!, of: { min: 200, max: 600 } } };
const SPECS = [SPEC, SHORT];

describe("a recorded load whose keys expire, on a real server", function () {
  this.timeout(600_000);
  const scope = new CleanupScope();
  const clock = monotonicClock();
  const signal = new AbortController().signal;
  let port: number;
  let histories: readonly LoadHistory[];

  before(async () => {
    const engine = await connectEngine();
    [port = 0] = await engine.freePorts(1);
    const network = await engine.createNetwork({ name: NAME, labels: LABELS });
    scope.defer("remove the network", () => engine.removeNetwork(network.id));
    const id = await engine.createContainer({
      name: NAME,
      image: IMAGE,
      command: ["redis-server", "--save", "", "--protected-mode", "no"],
      labels: LABELS,
      networks: [{ name: NAME }],
      ports: [{ container: 6379, host: port }],
      stopTimeout: 1,
    });
    scope.defer("remove the server", () => engine.remove(id));
    await engine.start(id);
    await until({ what: "an answer", within: 120_000 }, async () => {
      const one = await open();
      const { outcome } = await one.send(["PING"], { within: 1000 });
      one.close();
      return outcome === "ok";
    });
    const directory = await mkdtemp(path.join(tmpdir(), "kvchaos-expiring-"));
    scope.defer("remove the folder", () => rm(directory, { recursive: true }));
    histories = await runLoad(directory);
  });
  after(async () => assert.deepEqual(await scope.close(), []));

  const open = () => RawConnection.open({ host: "127.0.0.1", port, within: 10_000 });

  async function runLoad(directory: string): Promise<readonly LoadHistory[]> {
    const events: JournalEvent[] = [];
    const emit = (event: object) => void events.push({ t: clock.now(), ...event } as JournalEvent);
    const running = await startLoad({
      specs: SPECS,
      targets: Object.fromEntries(SPECS.map(({ name }) => [name, [{ node: "m1", host: "127.0.0.1", port }]])),
      ...{ seed: "s", clock, emit, signal, history: { directory, nodes: ["m1"] } },
    });
    const done = () => events.reduce((sum, one) => sum + (one.type === "load" ? one.ok : 0), 0);
    await until({ what: "6000 operations", within: 120_000 }, async () => done() > 6_000);
    await running.stop();
    const cluster = new FakeCluster(["m1"], {});
    cluster.node("m1").connect = open;
    await readRecorded({
      ...{ cluster, clock, emit, signal, directory, running, unreadable: () => null },
      placed: SPECS.map((spec) => ({ spec, targets: () => [], nodes: () => ["m1"], moveTo: () => false })),
    });
    return readHistory(directory, recordOf(events));
  }

  function judge(history: readonly LoadHistory[], more: readonly JournalEvent[] = []) {
    const checks = [noLostWrites, perKeyOrder, linearizable];
    const topology: JournalEvent = { t: 0, type: "topology", masters: ["m1"], replicaOf: {}, reason: "setup" };
    const record = fixture([topology, ...more], {
      history,
      without: ["topology"],
      checks: checks.map(({ name }) => name),
    });
    return checks.map((check) => {
      const { valid, why, findings } = check.check(record);
      return { valid, why, found: findings.map((one) => `${one.type} ${one.class}`), proof: findings[0]?.proof };
    });
  }

  /** The same with final reads that said something else, or later. */
  const otherFinals = (change: (final: LoadHistory["final"]) => void): LoadHistory[] =>
    structuredClone(histories as LoadHistory[]).map((one) => {
      change(one.final);
      return one;
    });

  it("sends every command, and finds keys gone and there", () => {
    for (const { operations, incomplete, clockMoved = 0 } of histories) {
      assert.equal(incomplete, null);
      assert.ok(Math.abs(clockMoved) < 50, `${clockMoved}`);
      const rows = [...operations.kind.keys()];
      const touches = rows.filter((row) => operations.kind[row] === KIND.touch);
      assert.ok(touches.some((row) => operations.outcome[row] === OUTCOME.ok));
      assert.ok(touches.some((row) => operations.outcome[row] === OUTCOME.fail));
    }
    const [long, short] = histories.map(({ final }) => final.value);
    assert.ok(long?.some((value) => value > 0) && short?.some((value) => value === 0));
  });

  it("is judged as it is: no finding", () => {
    for (const one of judge(histories)) assert.deepEqual([one.valid, one.found], [true, []], JSON.stringify(one));
  });

  it("is a finding when keys are gone before their deadlines", () => {
    const [lost] = judge(otherFinals(({ value }) => value.fill(0)));
    assert.deepEqual(lost?.found, ["lost-write lost"], JSON.stringify(lost));
  });

  it("is a finding when keys are there long after their deadlines", () => {
    const later = otherFinals(({ invoked, completed }) => {
      for (let i = 0; i < invoked.length; i++) {
        invoked[i]! += 200_000;
        completed[i]! += 200_000;
      }
    });
    const [kept] = judge(later);
    assert.deepEqual(kept?.found, ["resurrected-key expired-value"], JSON.stringify(kept));
  });

  it("is no finding when the server dropped keys because its memory was full, and one where it does not say so", async () => {
    const one = await open();
    const ask = async (...argv: string[]) => {
      const outcome = await one.send(argv, { within: 10_000 });
      return outcome.outcome === "ok" ? replyText(outcome.reply) : "";
    };
    const look = async (): Promise<JournalEvent> => {
      return { type: "node-state", t: clock.now(), node: "m1", state: redis.state(await ask("INFO")) };
    };
    await ask("CONFIG", "SET", "maxmemory-policy", "allkeys-random");
    const looks = [await look()];
    await ask("CONFIG", "SET", "maxmemory", "900kb");
    // What has to go goes before the next command.
    await ask("SET", "another", "key");
    looks.push(await look());
    const [long] = histories as [LoadHistory];
    const [{ value, cell }, late] = [long.final, clock.now()];
    const gone = new Set<number>();
    for (const at of cell) if ((await ask("EXISTS", keyOf(long.shape, at))) === "0") gone.add(at);
    one.close();
    assert.ok(
      [...cell.keys()].some((row) => value[row] !== 0 && gone.has(cell[row] as number)),
      `${gone.size} keys`,
    );
    const less = otherFinals(({ cell: cells, value: values, invoked, completed, length }) => {
      for (let row = 0; row < length; row++) {
        if (gone.has(cells[row] as number)) values[row] = 0;
        invoked[row] = late;
        completed[row] = late + 1;
      }
    }).slice(0, 1);
    const [excused] = judge(less, looks);
    assert.deepEqual([excused?.valid, excused?.found], [true, []], JSON.stringify(excused));
    assert.match(excused?.why ?? "", /m1 dropped \d+ keys or more/);
    assert.deepEqual(judge(less)[0]?.found, ["lost-write lost"]);
  });
});
