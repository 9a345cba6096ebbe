import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { monotonicClock } from "../../base/clock.ts";
import { operationsFile } from "../../history/format.ts";
import { readHistory } from "../../history/read-history.ts";
import { HistoryWriter } from "../../history/writer.ts";
import type { JournalEvent } from "../../journal/events.ts";
import { elementOf, keyOf, type LoadHistory, NOT_ASKED } from "../../journal/history.ts";
import type { LoadSpec } from "../../journal/plan.ts";
import { recordOf } from "../../journal/record.ts";
import { CellValues } from "../../load/cell-values.ts";
import { type Outcome, RespError } from "../../resp/reply.ts";
import { FakeCluster } from "../../testing/fake-cluster.support.ts";
import { argvOf } from "../../testing/fake-server.support.ts";
import { type FinalReadOptions, readRecorded } from "./final-reads.ts";

const SPEC: LoadSpec = {
  name: "l",
  workload: "hset",
  on: "masters",
  via: "link",
  connections: 1,
  pipeline: 1,
  rate: null,
  keys: 100,
  keyPrefix: "h:",
  value: { min: 20, max: 20 },
  elements: 30,
  timeout: 1000,
  record: true,
  wait: null,
};
const CELLS = Array.from({ length: 700 }, (_, i) => 4 * i);

describe("final reads", function () {
  this.timeout(600_000); // thousands of reads on a busy machine

  const clock = monotonicClock();
  const values = new CellValues("hash", SPEC.value);
  const textOf = (number: number): string => argvOf((to) => values.write(to, number)).join("|");
  let directory: string;
  let cluster: FakeCluster;
  let events: JournalEvent[];
  /** What the servers hold: node, key and field. */
  let data: Map<string, string>;
  let asked: string[];

  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), "kvchaos-final-"));
    cluster = new FakeCluster(["m1"], { r1: "m1", r2: "m1" });
    [events, data, asked] = [[], new Map(), []];
    cluster.answer = (node, argv) => {
      asked.push(`${node} ${argv[0]}`);
      return ok(bytes(data.get(`${node} ${argv[1]} ${argv[2]}`)));
    };
    // Cell n holds write n + 1, on every node.
    for (const cell of CELLS) for (const { name } of cluster.nodes) hold(name, cell, textOf(cell + 1));
    const writer = HistoryWriter.open(path.join(directory, operationsFile("l", 0)));
    for (const cell of CELLS) {
      const more = { kind: 0, outcome: 0, replicas: NOT_ASKED, client: 0, node: 0, invoked: 1, completed: 2 };
      writer.add({ cell, value: cell + 1, ...more });
    }
    await writer.close();
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const bytes = (text: string | undefined) => (text === undefined ? null : Buffer.from(text, "latin1"));
  const ok = (reply: Buffer | null): Outcome => ({ outcome: "ok", reply });
  const SHAPE = { type: "hash", prefix: "h:", keys: 100, elements: 30 } as const;
  const place = (node: string, cell: number) => `${node} ${keyOf(SHAPE, cell)} ${elementOf(SHAPE, cell)}`;
  const hold = (node: string, cell: number, text: string) => void data.set(place(node, cell), text);

  async function read(
    options: Partial<Pick<FinalReadOptions, "unreadable" | "signal" | "settleWithin">> & { nodes?: string[] } = {},
  ): Promise<LoadHistory> {
    const { nodes = ["m1", "r1", "r2"], ...rest } = options;
    const emit = (event: object) => void events.push({ t: clock.now(), ...event } as JournalEvent);
    const recording = { step: "end", load: "l", shape: SHAPE, nodes: ["m1", "r1", "r2"] };
    emit({
      type: "history",
      files: [{ file: operationsFile("l", 0), final: false, operations: CELLS.length }],
      ...recording,
    });
    await readRecorded({
      ...{ cluster, clock, emit, directory, signal: new AbortController().signal, unreadable: () => null, ...rest },
      running: { recorded: (load) => [operationsFile(load, 0)] },
      placed: [{ spec: SPEC, nodes: () => nodes }],
    });
    const [history] = await readHistory(directory, recordOf(events));
    assert.ok(history);
    return history;
  }

  /** Cell → value, as one node told it; null: it could not be read. */
  function told({ final, nodes }: LoadHistory, node: string): Map<number, number | null> {
    const found = new Map<number, number | null>();
    for (let i = 0; i < final.length; i++) {
      if (nodes[final.node[i] as number] !== node) continue;
      found.set(final.cell[i] as number, final.outcome[i] === 0 ? (final.value[i] as number) : null);
    }
    return found;
  }
  const notes = () => events.flatMap((event) => (event.type === "note" ? [event.text] : []));
  const all = new Map(CELLS.map((cell) => [cell, cell + 1]));

  it("reads every cell that was touched, once from each node", async () => {
    const history = await read();
    for (const node of history.nodes) assert.deepEqual(told(history, node), all);
    assert.deepEqual([history.incomplete, history.foreign, notes()], [null, [], []]);
    assert.equal(asked.length, 3 * CELLS.length);
    assert.ok(history.final.invoked.every((time, i) => time <= (history.final.completed[i] as number)));
  });

  it("keeps what is missing, stale and foreign as it is, however often it asks", async () => {
    data.delete(place("r1", 8));
    hold("r1", 12, textOf(5));
    hold("m1", 16, "17:cut");
    const history = await read({ settleWithin: 600 });
    const differing = new Map(all).set(8, 0).set(12, 5);
    assert.deepEqual(told(history, "r1"), differing);
    assert.equal(told(history, "m1").get(16), -1);
    assert.deepEqual(history.foreign, ["17:cut"]);
    assert.equal(history.incomplete, null);
  });

  it("asks again what a replica has not applied yet", async () => {
    hold("r2", 400, textOf(3));
    cluster.answer = (node, argv) => {
      asked.push(node);
      const late = node === "r2" && asked.length < 3 * CELLS.length;
      const name = `${node} ${argv[1]} ${argv[2]}`;
      return ok(bytes(late || name !== place("r2", 400) ? data.get(name) : textOf(401)));
    };
    const history = await read();
    assert.deepEqual(told(history, "r2"), all);
    assert.ok(asked.length < 3 * CELLS.length + 20, "only what differs is asked again");
  });

  it("does not ask a node in trouble, and says so", async () => {
    const history = await read({ unreadable: (node) => (node === "r1" ? "r1 is deadlocked" : null) });
    assert.deepEqual(
      [...told(history, "r1").values()],
      CELLS.map(() => null),
    );
    assert.deepEqual(told(history, "r2"), all);
    assert.ok(!asked.some((one) => one.startsWith("r1")));
    assert.equal(history.incomplete, null, "the cells say it themselves");
    assert.deepEqual(notes(), ["final reads of r1: r1 is deadlocked"]);
  });

  it("keeps what it has of a node whose connection ends, and of one that refuses a key", async () => {
    let answers = 0;
    const close = { outcome: "info", error: "connection-lost" } as const;
    const connect = cluster.node("r1").connect;
    cluster.node("r1").connect = async () => {
      const connection = await connect();
      return {
        ...connection,
        get isOpen() {
          return answers <= 600;
        },
      };
    };
    cluster.answer = (node, argv) => {
      if (node === "r1" && ++answers > 600) return close;
      if (node === "r2" && place("r2", 0) === `r2 ${argv[1]} ${argv[2]}`) {
        return { outcome: "fail", error: "WRONGTYPE", reply: new RespError("WRONGTYPE no hash") };
      }
      return ok(bytes(data.get(`${node} ${argv[1]} ${argv[2]}`)));
    };
    const history = await read();
    assert.deepEqual(told(history, "r1"), new Map(CELLS.map((cell, i) => [cell, i < 600 ? cell + 1 : null])));
    assert.deepEqual(told(history, "r2"), new Map(all).set(0, null as never));
    assert.deepEqual(notes(), [
      "final reads of r1: HGET h:80 field:0: connection-lost",
      "final reads of r2: HGET h:0 field:0: WRONGTYPE no hash",
    ]);
    assert.equal(history.incomplete, null, "the cells say it themselves");
  });

  it("asks the nodes of its shard only, and replicas for their master's keys", async () => {
    class Shards extends FakeCluster {
      override readonly sharded = true;
    }
    const { answer } = cluster;
    cluster = new Shards(["m1"], { r1: "m1", r2: "m1" });
    cluster.answer = answer;
    const history = await read({ nodes: ["m1", "r1"] });
    assert.deepEqual([told(history, "r1").size, told(history, "r2").size], [CELLS.length, 0]);
    assert.deepEqual(
      asked.filter((one) => one.endsWith("READONLY")),
      ["m1 READONLY", "r1 READONLY"],
    );
  });

  it("ends with the signal", async () => {
    const controller = new AbortController();
    cluster.answer = (_node, argv) => {
      controller.abort(new Error("interrupted"));
      return ok(bytes(argv[0]));
    };
    await assert.rejects(read({ signal: controller.signal }), /interrupted/);
  });

  it("has none of a load of which nothing was recorded", async () => {
    await writeFile(path.join(directory, operationsFile("l", 0)), "");
    const { final } = await read();
    assert.equal(final.length, 0);
  });
});
