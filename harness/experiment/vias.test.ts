import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ChaosError } from "../base/chaos-error.ts";
import { shapeOf } from "../cluster/shape.ts";
import { composeOf } from "../cluster/topology/compose-of.ts";
import { faults } from "../faults/registry.ts";
import { topology } from "../testing/samples/topology.support.ts";
import { registries } from "./catalogue.ts";
import { makePlan } from "./plan.ts";
import { readPlan, writePlan } from "./plan-file.ts";
import { readExperiment } from "./read-experiment.ts";
import { checkVias, dialledClients } from "./vias.ts";

const CLUSTER = "{ masters: 1, replicas: 2 }";
const SENTINELS = "{ masters: 1, replicas: 2, mode: sentinel, sentinels: 3 }";

describe("the way of a load", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "kvchaos-vias-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const read = (load: string, fault: string, cluster = CLUSTER) => {
    const file = join(folder, "experiment.yaml");
    const text = `title: T\nsystems: [redis]\ncluster: ${cluster}\nload: [${load}]\nfaults: [${fault && `{ id: it, at: 1s, ${fault} }`}]\n`;
    writeFileSync(file, text);
    return readExperiment(file, registries);
  };
  const viaOf = async (fault: string, load = "{ workload: set }", cluster?: string) =>
    (await read(load, fault, cluster)).load[0]?.via;

  it("is straight where no fault touches the clients' links", async () => {
    for (const fault of [
      "",
      "fault: kill, node: m1",
      "fault: pause, node: master, for: 1s",
      "fault: partition, links: [r1 -> m1]",
      "fault: latency, links: [replica -> master], latency: 5ms",
      "fault: slow-reader, links: [r1 -> m1], rate: 10KB",
      // A client of its own.
      "fault: slow-reader, links: [client -> m1], rate: 10KB",
    ])
      assert.equal(await viaOf(fault), "direct", fault);
    assert.equal(await viaOf("fault: partition, isolate: s1", undefined, SENTINELS), "direct");
  });

  it("is the link of each node that a fault can touch", async () => {
    const m1 = { m1: "link", r1: "direct", r2: "direct" };
    for (const fault of [
      "fault: partition, links: [r1 -> m1, client -> m1]",
      "fault: partition, isolate: m1",
      "fault: partition, isolate: m1, mode: disconnect",
      "fault: latency, links: [client -> m1], latency: 5ms",
      "fault: bandwidth, links: [client -> m1], rate: 10KB",
    ])
      assert.deepEqual(await viaOf(fault), m1, fault);
    assert.equal(await viaOf("fault: partition, isolate: m1", "{ workload: set, on: [r1] }"), "direct");
    assert.equal(await viaOf("fault: partition, isolate: m1", "{ workload: set, on: [m1] }"), "link");
  });

  it("is the link of every node where only the run knows which one is meant", async () => {
    for (const fault of [
      "fault: latency, links: [client -> master], latency: 5ms",
      "fault: latency, links: [client -> any-replica], latency: 5ms",
      "fault: partition, isolate: replica",
    ])
      assert.equal(await viaOf(fault), "link", fault);
  });

  it("is the link where the experiment says so", async () => {
    assert.equal(await viaOf("", "{ workload: set, via: link }"), "link");
    const { benchmarks } = await read("{ tool: redis-benchmark, via: link }, { tool: redis-benchmark }", "");
    assert.deepEqual(
      benchmarks.map(({ via }) => via),
      ["link", "direct"],
    );
  });

  it("is never past a fault: that is refused, with the place", async () => {
    const wrong = (error: ChaosError) => {
      assert.equal(error.code, "invalid-experiment");
      assert.match(
        error.message,
        /:4:30: a direct load goes past the link client -> m1, which the fault it can touch: that would do nothing to this load; leave it out, or say link/,
      );
      return true;
    };
    await assert.rejects(viaOf("fault: partition, isolate: m1", "{ workload: set, via: direct }"), wrong);
    assert.equal(await viaOf("fault: partition, links: [r1 -> m1]", "{ workload: set, via: direct }"), "direct");
  });

  it("stays in the plan as it was chosen, which is refused when it was edited so that a fault would do nothing", async () => {
    const experiment = await read("{ workload: set }", "fault: partition, isolate: m1");
    const shape = shapeOf(await composeOf(topology({ replicas: 2 }), {}));
    const plan = readPlan(writePlan(makePlan(experiment, "7", shape, registries)), "plan.yaml", registries);
    assert.deepEqual(plan.experiment.load[0]?.via, { m1: "link", r1: "direct", r2: "direct" });
    checkVias(plan, shape, faults);
    const [load] = plan.experiment.load;
    if (load) load.via = "direct";
    assert.throws(() => checkVias(plan, shape, faults), /^ChaosError: load set of the plan: a direct load goes past/);
  });

  it("of plans of before is the link", async () => {
    const experiment = await read("{ workload: set }, { tool: redis-benchmark }", "");
    const shape = shapeOf(await composeOf(topology({ replicas: 2 }), {}));
    const text = writePlan(makePlan(experiment, "7", shape, registries)).replaceAll(/^ +via: .*\n/gm, "");
    const { load, benchmarks } = readPlan(text, "plan.yaml", registries).experiment;
    assert.deepEqual(
      [...load, ...benchmarks].map(({ via }) => via),
      ["link", "link"],
    );
  });

  it("has a port of this machine where the plan dials it", async () => {
    const shape = shapeOf(await composeOf(topology({ replicas: 2 }), {}));
    const dialled = async (fault: string, load = "{ workload: set }") =>
      dialledClients(makePlan(await read(load, fault), "7", shape, registries), shape, faults);
    assert.deepEqual(await dialled("fault: partition, links: [r1 -> m1]"), []);
    assert.deepEqual(await dialled("", "{ tool: redis-benchmark, via: link }"), []);
    assert.deepEqual(await dialled("", "{ workload: set, on: [r1], via: link }"), ["r1"]);
    assert.deepEqual(await dialled("", "{ workload: set, via: link }"), ["m1", "r1", "r2"]);
    // To measure them, even where no load goes through them.
    for (const fault of ["partition, isolate: m1", "partition, links: [client -> m1]"]) {
      assert.deepEqual(await dialled(`fault: ${fault}`, ""), ["m1"], fault);
    }
    assert.deepEqual(await dialled("fault: latency, links: [client -> master], latency: 5ms"), ["m1", "r1", "r2"]);
    assert.deepEqual(await dialled("fault: slow-reader, links: [client -> m1], rate: 10KB"), ["m1"]);
    assert.deepEqual(await dialled("fault: slow-reader, links: [r1 -> m1], rate: 10KB"), []);
  });

  it("is asked of every fault that takes links", () => {
    const taking = [...faults.values()].filter(({ parameters: { names } }) =>
      names.some((name) => name === "links" || name === "isolate"),
    );
    assert.ok(taking.length >= 4);
    assert.deepEqual(
      taking.filter((fault) => !fault.holdsUp).map(({ kind }) => kind),
      [],
    );
  });
});
