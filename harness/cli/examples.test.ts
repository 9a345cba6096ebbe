import assert from "node:assert/strict";
import { append } from "../../docs/examples/append.ts";
import { dropReplicas } from "../../docs/examples/drop-replicas.ts";
import { keydb } from "../../docs/examples/keydb.ts";
import { loadComesBack } from "../../docs/examples/load-comes-back.ts";
import { monotonicClock } from "../base/clock.ts";
import { seededRandom } from "../base/random.ts";
import type { FaultContext } from "../faults/fault.ts";
import type { JournalEvent } from "../journal/events.ts";
import { recordOf } from "../journal/record.ts";
import { FakeCluster } from "../testing/fake-cluster.support.ts";
import { argvOf } from "../testing/fake-server.support.ts";
import { plannedParams } from "../testing/planned-params.support.ts";

/** What the pages in docs/ teach is compiled here and does what it says. */
describe("the examples of docs/", () => {
  it("fault: drops a master's replicas and measures how many", async () => {
    const cluster = new FakeCluster(["m1"], { r1: "m1" });
    cluster.node("m1").admin = async (argv) => {
      cluster.said.push(argv.join(" "));
      return 1;
    };
    const params = plannedParams(dropReplicas, {});
    const context: FaultContext = {
      id: "drop",
      cluster,
      clock: monotonicClock(),
      signal: new AbortController().signal,
      onHeal: () => {},
      claim: () => () => {},
      heldBy: () => null,
      keep: async (file: string) => file,
      pausing: () => () => {},
      note: () => {},
      emit: () => {},
      capture: async () => {},
    };
    const injected = await dropReplicas.inject(context, params);
    assert.deepEqual(injected.targets, ["m1"]);
    assert.deepEqual(await injected.effect(), { measured: true, summary: "1 connections closed" });
    assert.deepEqual(cluster.said, ["CLIENT KILL TYPE replica"]);
  });

  it("check: is true, false with a finding, or unknown", () => {
    const sample = (ok: number): JournalEvent => ({
      ...{ t: 9, type: "load", load: "set", seconds: 1, ok, fail: 0, info: 3, errors: { timeout: 3 } },
      ...{ latency: null, connected: 1, connections: 1 },
    });
    assert.equal(loadComesBack.check(recordOf([sample(0), sample(5)])).valid, true);
    const { valid, findings } = loadComesBack.check(recordOf([sample(5), sample(0)]));
    assert.equal(valid, false);
    assert.match(findings[0]?.proof ?? "", /timeout/);
    assert.equal(loadComesBack.check(recordOf([])).valid, "unknown");
  });

  it("workload: makes commands within the load's keys and value sizes", () => {
    const spec = {
      ...({
        name: "a",
        workload: "append",
        on: "masters",
        via: "link",
        connections: 1,
        pipeline: 1,
        rate: null,
      } as const),
      ...{ keys: 1, keyPrefix: "a:", value: { min: 3, max: 3 }, elements: 1, timeout: 1, record: false, wait: null },
    };
    const [name, key, value] = argvOf(append.source!(spec, seededRandom("1")));
    assert.deepEqual([name, key, value?.length], ["APPEND", "a:0", 3]);
  });

  it("system: starts another program with the same configuration", () => {
    assert.equal(keydb.launch({ save: "" }).command[0], "keydb-server");
    assert.ok(keydb.launch({ save: "" }).command.includes("--save"));
  });
});
