import assert from "node:assert/strict";
import { monotonicClock } from "../base/clock.ts";
import { CleanupScope } from "../base/scope.ts";
import type { PlannedParams } from "../journal/plan.ts";
import { FakeCluster } from "../testing/fake-cluster.support.ts";
import type { FakeResources } from "../testing/fake-resources.support.ts";
import type { Injected } from "./fault.ts";
import { faults } from "./registry.ts";

const IDLE = { cpuMs: 100, throttledPeriods: 4, memoryBytes: 50e6, memoryLimit: 1e12 };

interface Try {
  cluster: FakeCluster;
  resources: FakeResources;
  injected: Injected;
  heal(): Promise<void>;
}

async function inject(
  kind: string,
  params: PlannedParams,
  prepare: (resources: FakeResources) => void = () => {},
): Promise<Try> {
  const fault = faults.get(kind) ?? assert.fail(kind);
  const cluster = new FakeCluster(["m1"], { r1: "m1" });
  const resources = cluster.node("r1").resources as FakeResources;
  prepare(resources);
  const scope = new CleanupScope();
  const injected = await fault.inject(
    {
      id: `${kind}#1`,
      cluster,
      clock: monotonicClock(),
      signal: new AbortController().signal,
      onHeal: (what, undo) => scope.defer(what, undo),
      claim: () => assert.fail("these faults ask for no excuse"),
      heldBy: () => null,
      keep: async (file: string) => file,
      pausing: () => () => {},
      note: () => {},
      emit: () => {},
      capture: async () => {},
    },
    params,
  );
  return { cluster, resources, injected, heal: async () => assert.deepEqual(await scope.close(), []) };
}

const accepts = (kind: string, written: object): boolean =>
  (faults.get(kind) ?? assert.fail(kind)).parameters.written.safeParse(written).success;

describe("cpu-limit", () => {
  it("restores the limit of the Compose file, and is none that is looser than that", async () => {
    const { cluster, heal } = await inject("cpu-limit", { node: "r1", cpu: 0.5 }, (one) => {
      one.now = { cpus: 0.3, memory: null };
    });
    await heal();
    assert.deepEqual(cluster.said, ["r1: cpus 0.3", "r1: cpus 0.3"]);
  });

  it("has an effect once the server wants more than it gets", async () => {
    const { injected } = await inject("cpu-limit", { node: "r1", cpu: 0.1 }, (one) => {
      one.uses = [IDLE, IDLE, { ...IDLE, cpuMs: 150, throttledPeriods: 9 }];
    });
    const { measured, summary } = await injected.effect();
    assert.equal(measured, true);
    assert.match(summary, /^r1 was held to 10 % of a core in 5 periods/);
  });

  it("takes shares of one core", () => {
    assert.equal(accepts("cpu-limit", { node: "r1", cpu: "10%..50%" }), true);
    for (const cpu of ["0%", "120%", 0.5, "1"])
      assert.equal(accepts("cpu-limit", { node: "r1", cpu }), false, String(cpu));
  });
});

describe("memory-limit", () => {
  it("can leave headroom over what is in use, and restores no limit", async () => {
    const { cluster, injected, heal } = await inject("memory-limit", { node: "r1", headroom: 10e6 }, (one) => {
      one.uses = [IDLE, { ...IDLE, memoryBytes: 55e6, memoryLimit: 60e6 - 4096 }];
    });
    assert.deepEqual(await injected.effect(), { measured: true, summary: "r1 may use 60.0 MB, uses 55.0 MB" });
    await heal();
    assert.deepEqual(cluster.said, ["r1: memory 60000000", "r1: memory null"]);
  });

  it("has no effect where the kernel did not take it, and one where it has already killed", async () => {
    const { cluster, injected } = await inject("memory-limit", { node: "r1", limit: 60e6 });
    assert.equal((await injected.effect()).measured, false);
    const dead = { running: false, paused: false, exitCode: 137, oomKilled: true, startedAt: null };
    Object.assign(cluster.node("r1"), { inspect: async () => dead });
    assert.deepEqual(await injected.effect(), { measured: true, summary: "r1 was killed at 60.0 MB" });
  });

  it("wants either a limit or headroom", () => {
    assert.equal(accepts("memory-limit", { node: "r1" }), false);
    assert.equal(accepts("memory-limit", { node: "r1", limit: "64MB", headroom: "1MB" }), false);
    assert.equal(accepts("memory-limit", { node: "r1", limit: "5MiB" }), false);
    assert.equal(accepts("memory-limit", { node: "r1", headroom: "0B" }), true);
  });
});

describe("disk-full", () => {
  const withDisk = (free: number) => (one: FakeResources) => {
    one.free = free;
    one.disk = {
      bytes: 64e6,
      free: async () => free,
      fill: async (leave) => said(`leaves ${leave}`),
      unfill: async () => said("empties"),
    };
  };
  let told: string[] = [];
  const said = (what: string): void => void told.push(what);
  beforeEach(() => {
    told = [];
  });

  it("fills up to what it leaves, frees it again, and believes what the server sees", async () => {
    const { injected, heal } = await inject("disk-full", { node: "r1", leave: 8e6, disk: 64e6 }, withDisk(8e6));
    assert.deepEqual(await injected.effect(), { measured: true, summary: "r1 has 8.0 MB of 64.0 MB free" });
    await heal();
    assert.deepEqual(told, ["empties", "leaves 8000000", "empties"]);
    const { injected: other } = await inject("disk-full", { node: "r1", leave: 0, disk: 64e6 }, withDisk(60e6));
    assert.deepEqual(await other.effect(), {
      measured: false,
      summary: "r1 has 60.0 MB of 64.0 MB free; asked: 0.0 MB",
    });
  });

  it("without a byte left it is one only if the kernel refuses a write", async () => {
    const { injected, resources } = await inject("disk-full", { node: "r1", leave: 0, disk: 64e6 }, withDisk(0));
    assert.equal((await injected.effect()).measured, false);
    resources.refusal = new Error("No space left on device");
    const { measured, summary } = await injected.effect();
    assert.equal(measured, true);
    assert.match(summary, /No space left on device/);
  });

  it("tells how large a disk every node needs, like slow-disk, and works on no other", async () => {
    for (const kind of ["disk-full", "slow-disk"]) {
      const params = { node: "r1", leave: 0, rate: 1e5, disk: 1e9 };
      assert.equal(faults.get(kind)?.ownDisk?.(params), 1e9);
      await assert.rejects(inject(kind, params), /no disk of its own/);
      assert.equal(accepts(kind, { node: "r1", rate: "1MB", disk: "31MiB" }), false);
    }
    assert.equal(accepts("slow-disk", { node: "r1", rate: "9KB" }), false);
  });
});

describe("clock-skew", () => {
  it("takes what goes ahead and what goes back, alone or as a range", () => {
    const { parameters } = faults.get("clock-skew") ?? assert.fail();
    const read = (written: object) => parameters.written.safeParse({ node: "r1", ...written });
    assert.deepEqual(read({ by: "-1h..10s", drift: "-0.5%" }).data, {
      ...{ node: "r1", by: { min: -3_600_000, max: 10_000 }, drift: { min: -0.005, max: -0.005 } },
    });
    for (const wrong of [{}, { by: "10" }, { by: "10s..-10s" }, { drift: "60%" }, { drift: "1s" }]) {
      assert.equal(read(wrong).success, false, JSON.stringify(wrong));
    }
  });
});
