import assert from "node:assert/strict";
import { ChaosError } from "../../base/chaos-error.ts";
import { FakeCluster } from "../../testing/fake-cluster.support.ts";
import type { PlacedLoad } from "../load-targets.ts";
import { checkWait } from "./wait-check.ts";

const load = (wait: object | null) => ({ spec: { name: "l", wait } }) as unknown as Pick<PlacedLoad, "spec">;

describe("a load with WAIT", () => {
  const { signal } = new AbortController();

  it("is not started on a server that does not know it", async () => {
    const cluster = new FakeCluster(["m1"], { r1: "m1" });
    await checkWait(cluster, [load(null), load({ replicas: 1, within: 10 })], signal);
    assert.deepEqual(cluster.said, ["m1: WAIT 0 1"]);
    cluster.node("m1").admin = () => Promise.reject(new ChaosError("infrastructure", "ERR unknown command `WAIT`"));
    await assert.rejects(checkWait(cluster, [load({ replicas: 1, within: 10 })], signal), (error) => {
      assert.ok(error instanceof ChaosError);
      assert.match(error.message, /the load l needs WAIT: .*unknown command/);
      return error.hint !== undefined;
    });
  });

  it("is only asked about when there is one", async () => {
    const cluster = new FakeCluster(["m1"], {});
    await checkWait(cluster, [load(null)], signal);
    assert.deepEqual(cluster.said, []);
  });
});
