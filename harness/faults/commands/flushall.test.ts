import assert from "node:assert/strict";
import { monotonicClock } from "../../base/clock.ts";
import { until } from "../../base/deadline.ts";
import type { EventOf, JournalEvent } from "../../journal/events.ts";
import { type Outcome, RespError } from "../../resp/reply.ts";
import { FakeCluster } from "../../testing/fake-cluster.support.ts";
import { plannedParams } from "../../testing/planned-params.support.ts";
import type { Effect } from "../fault.ts";
import { flushall } from "./flushall.ts";

const ok = (reply: string | number): Outcome => ({ outcome: "ok", reply });
const never = new Promise<Outcome>(() => {});

interface Flushed {
  effect: Effect;
  flush: EventOf<"flush">;
  /** Node → event. */
  seen: Map<string, EventOf<"flush-effect">>;
}

/** A cluster in which a flush takes effect on a node after so many EXISTS; Infinity: never. Absent: at once. */
class FlushedCluster extends FakeCluster {
  readonly lag: Record<string, number> = {};
  /** Nodes that do not answer from the flush on. */
  readonly hung = new Set<string>();
  readonly asked: Record<string, number> = {};
  flushed = false;

  constructor(replicaOf: Record<string, string> = { r1: "m1", r2: "m1" }) {
    super(["m1"], replicaOf);
    this.answer = (node, argv) => {
      if (argv[0] !== "EXISTS") this.said.push(`${node}: ${argv.join(" ")}`);
      if (argv[0]?.startsWith("FLUSH")) {
        this.flushed = true;
        return ok("OK");
      }
      if (argv[0] === "SET") {
        this.flushed = false;
        return ok("OK");
      }
      this.asked[node] = (this.asked[node] ?? 0) + 1;
      if (this.flushed && this.hung.has(node)) return never;
      if (!this.flushed) return ok(1);
      this.lag[node] = (this.lag[node] ?? 0) - 1;
      return ok(this.lag[node] >= 0 ? 1 : 0);
    };
  }
}

async function flush(
  cluster: FakeCluster,
  written: object = {},
  signal = new AbortController().signal,
): Promise<Flushed> {
  const clock = monotonicClock();
  const events: JournalEvent[] = [];
  const params = plannedParams(flushall, written);
  const injected = await flushall.inject(
    {
      id: "flush#1",
      cluster,
      clock,
      signal,
      onHeal: () => assert.fail("there is nothing to undo"),
      claim: () => () => {},
      heldBy: () => null,
      keep: async (file: string) => file,
      pausing: () => () => {},
      note: () => {},
      emit: (event) => events.push({ t: clock.now(), ...event } as JournalEvent),
      capture: async () => {},
    },
    params,
  );
  const effect = await injected.effect();
  const of = <T extends JournalEvent["type"]>(type: T) => events.filter((e): e is EventOf<T> => e.type === type);
  const [told] = of("flush");
  assert.ok(told && of("flush").length === 1);
  return { effect, flush: told, seen: new Map(of("flush-effect").map((event) => [event.node, event])) };
}

describe("flushall", () => {
  it("writes a sentinel, flushes, and tells for every node when the sentinel was gone", async () => {
    const cluster = new FlushedCluster();
    cluster.lag.r2 = 3;
    const { effect, flush: told, seen } = await flush(cluster, { command: "flushdb" });
    assert.deepEqual(cluster.said, ["m1: SET kvchaos:flush:flush#1 1", "m1: FLUSHDB"]);
    assert.equal(effect.measured, true);
    assert.deepEqual([told.node, told.command, told.failed], ["m1", "FLUSHDB", null]);
    assert.ok(told.acknowledged !== null && told.acknowledged >= told.invoked);
    assert.deepEqual([...seen.keys()].sort(), ["m1", "r1", "r2"]);
    for (const { at, until: end } of seen.values()) assert.ok(at !== null && at === end && at >= told.invoked);
    assert.ok((seen.get("r2")?.at ?? 0) > (seen.get("r1")?.at ?? Infinity));
  });

  it("tells of a node that keeps the key how long it was watched", async () => {
    const cluster = new FlushedCluster();
    cluster.lag.r1 = Infinity;
    const { effect, flush: told, seen } = await flush(cluster, { within: "1s" });
    const r1 = seen.get("r1");
    assert.equal(effect.measured, true);
    assert.match(effect.summary, /gone on m1 after [\d.]+ m?s, r1: still there after [1-9]\.\d s, r2 after [\d.]+ m?s/);
    assert.ok(r1?.at === null && r1.until - (told.acknowledged ?? Infinity) >= 990, JSON.stringify(r1));
  });

  it("leaves a node that hangs with one question, however many flushes follow", async () => {
    const cluster = new FlushedCluster();
    cluster.hung.add("r1");
    const first = await flush(cluster, { within: "400ms" });
    assert.match(first.effect.summary, /r1: no answer/);
    const asked = cluster.asked.r1;
    const second = await flush(cluster, { within: "400ms" });
    assert.equal(cluster.asked.r1, asked);
    assert.deepEqual(
      [first, second].map(({ seen }) => seen.get("r1")?.at),
      [null, null],
    );
    assert.notEqual(second.seen.get("r2"), undefined);
    assert.ok(cluster.node("r1").questions.waiting > 0);
    assert.equal(cluster.node("r2").questions.waiting, 0);
  });

  it("does not take a key that has not arrived yet for one that is gone", async () => {
    const cluster = new FlushedCluster();
    const answer = cluster.answer;
    cluster.answer = (node, argv) => (node === "r1" && argv[0] === "EXISTS" ? ok(0) : answer(node, argv));
    const { effect, seen } = await flush(cluster, { within: "400ms" });
    assert.equal(seen.get("r1")?.at, null);
    assert.match(effect.summary, /r1: the key never arrived there/);
  });

  it("does not take for its own what another flush took before it was sent", async () => {
    const cluster = new FlushedCluster();
    const { answer } = cluster;
    let asked = 0;
    cluster.answer = (node, argv) => {
      if (argv[0] !== "EXISTS") return answer(node, argv);
      if (node !== "r1") return ok(cluster.flushed ? 0 : 1);
      return ok(++asked === 1 ? 1 : 0);
    };
    const connect = cluster.node("m1").connect;
    cluster.node("m1").connect = async (limits) => {
      // The flush's own connection, as opposed to the one for questions: by now r1 has been asked again.
      if (asked > 0) await until({ what: "another question", within: 60_000, every: 5 }, () => asked >= 2);
      return connect(limits);
    };
    const { effect, seen } = await flush(cluster, { within: "400ms" });
    assert.equal(seen.get("r1")?.at, null);
    assert.match(effect.summary, /r1: another flush took it first/);
    assert.notEqual(seen.get("m1")?.at, null);
  });

  it("counts an acknowledged flush that finds nothing left because another took it all first", async () => {
    const cluster = new FlushedCluster();
    const { answer } = cluster;
    cluster.answer = (node, argv) => (argv[0] === "EXISTS" ? ok(0) : answer(node, argv));
    const { effect } = await flush(cluster, { within: "400ms" });
    assert.match(effect.summary, /m1: another flush took it first/);
    assert.equal(effect.measured, true);
  });

  it("does not flush again a master that has not answered for a while", async () => {
    const cluster = new FlushedCluster();
    cluster.hung.add("m1");
    await flush(cluster, { within: "400ms" });
    await until({ what: "a second of silence", within: 60_000 }, () => cluster.node("m1").questions.waiting > 1000);
    const said = cluster.said.length;
    await assert.rejects(flush(cluster), /m1 has not answered for [1-9]\.\d s: it is not flushed again/);
    assert.equal(cluster.said.length, said);
  });

  it("records a flush that is refused, and is no error", async () => {
    const cluster = new FlushedCluster();
    const reply = new RespError("READONLY You can't write against a read only replica.");
    const { answer } = cluster;
    cluster.answer = (node, argv) =>
      argv[0] === "FLUSHALL" ? { outcome: "fail", error: "READONLY", reply } : answer(node, argv);
    const { effect, flush: told, seen } = await flush(cluster, { node: "r1" });
    assert.deepEqual(cluster.said, ["m1: SET kvchaos:flush:flush#1 1"]);
    assert.deepEqual([told.node, told.acknowledged, told.failed], ["r1", null, reply.message]);
    assert.equal(seen.size, 0);
    assert.deepEqual(effect, { measured: false, summary: `FLUSHALL on r1 failed: ${reply.message}` });
  });

  it("says that nobody knows when the flush is not answered, and still looks at its effect", async () => {
    const cluster = new FlushedCluster();
    const { answer } = cluster;
    cluster.answer = (node, argv) => {
      const outcome = answer(node, argv);
      return argv[0] === "FLUSHALL" ? { outcome: "info", error: "connection-lost" } : outcome;
    };
    const { effect, flush: told } = await flush(cluster);
    assert.deepEqual([told.acknowledged, told.failed], [null, null]);
    assert.equal(effect.measured, true);
    assert.match(effect.summary, /^FLUSHALL was not answered;/);
  });

  it("on a replica watches that one and who replicates from it, not its master", async () => {
    const { seen } = await flush(new FlushedCluster({ r1: "m1", r2: "r1" }), { node: "r1" });
    assert.deepEqual([...seen.keys()].sort(), ["r1", "r2"]);
  });

  it("ends with the fault: what was not seen by then is told as not seen", async () => {
    const cluster = new FlushedCluster();
    cluster.lag.r1 = Infinity;
    const controller = new AbortController();
    const done = flush(cluster, { within: "15s" }, controller.signal);
    await until({ what: "the flush", within: 60_000, every: 5 }, () => cluster.flushed);
    controller.abort();
    const { seen } = await done;
    assert.equal(seen.get("r1")?.at, null);
  });
});
