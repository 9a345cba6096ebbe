import assert from "node:assert/strict";
import { needsOf, placesFor } from "./needs.ts";

type Of = Parameters<typeof needsOf>;

function needs(fault: string | null, { host = null as number | null, rate = 1000 as number | null } = {}) {
  const trigger = { kind: "at", at: 0 } as const;
  const plan = {
    experiment: { load: [{ rate }], benchmarks: [], preload: null },
    faults: fault === null ? [] : [{ id: "f", fault, trigger, duration: null, params: { disk: 64 * 1024 ** 2 } }],
  } as unknown as Of[0];
  const compose = { services: [{ ports: [{ container: 6379, host }] }] } as unknown as Of[1];
  return needsOf(plan, compose);
}

describe("what a run needs of the machine", () => {
  it("is a port that its Compose file fixes, and the disk under disks of nodes, each for itself", () => {
    assert.deepEqual(needs(null).claims, []);
    assert.deepEqual(needs("pause", { host: 17_000 }).claims, ["port 17000"]);
    assert.deepEqual(needs("disk-full").claims, ["disk"]);
    assert.deepEqual(needs("slow-disk").claims, ["disk"]);
  });

  it("is a core more for a load as fast as replies come", () => {
    assert.ok(needs(null, { rate: null }).cores > needs(null).cores + 0.9);
  });

  it("is not asked for where the user says how many", () => {
    assert.deepEqual(placesFor(3), { jobs: 3, cores: Number.POSITIVE_INFINITY, memory: Number.POSITIVE_INFINITY });
    const { jobs, cores, memory } = placesFor("auto");
    assert.ok(jobs > 1 && Number.isFinite(cores) && memory > 0);
  });
});
