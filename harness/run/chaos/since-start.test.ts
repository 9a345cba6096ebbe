import assert from "node:assert/strict";
import type { ContainerState } from "../../cluster/cluster.ts";
import { FakeCluster } from "../../testing/fake-cluster.support.ts";
import { waitSinceStart } from "./since-start.ts";

const AFTER = 300;
/** How late a busy machine may look, ms: far less than a trigger that never comes true. */
const LATE = 1500;

describe("a trigger by the time since a server was started", () => {
  /** As if the engine had said so. @param ago ms */
  const start = (cluster: FakeCluster, node: string, ago: number): void => {
    const container = cluster.node(node).containerState() as ContainerState;
    container.running = true;
    container.startedAt = new Date(Date.now() - ago).toISOString();
  };
  const setUp = (ago: number) => {
    const cluster = new FakeCluster(["m1"], { r1: "m1" });
    for (const name of ["m1", "r1"]) start(cluster, name, ago);
    const end = new AbortController();
    const wait = (anew = false, node = () => "r1", after = AFTER) =>
      waitSinceStart({ cluster, node, after, anew, signal: end.signal });
    return { cluster, end, wait };
  };
  const ms = (text: string): number => {
    const [, number, unit] = /^r1 was started ([\d.]+)(ms|s) ago$/.exec(text) ?? assert.fail(text);
    return Number(number) * (unit === "s" ? 1000 : 1);
  };

  it("comes true when the server has been up for so long, and not before", async () => {
    const from = performance.now();
    const { wait } = setUp(0);
    const up = ms(await wait());
    assert.ok(up >= AFTER && up < AFTER + LATE, `${up} ms`);
    assert.ok(performance.now() - from >= AFTER - 20);
  });

  it("counts anew from a restart, and not while the server is down", async () => {
    const { cluster, wait } = setUp(200);
    const waiting = wait();
    cluster.node("r1").containerState().running = false;
    const from = performance.now();
    setTimeout(() => start(cluster, "r1", 0), 200);
    ms(await waiting);
    assert.ok(performance.now() - from >= 200 + AFTER - 20);
  });

  it("has another occurrence wait for another start", async () => {
    const { cluster, wait } = setUp(AFTER - 50);
    const waiting = wait(true);
    const early = await Promise.race([waiting, new Promise((done) => setTimeout(done, 150, "nothing yet"))]);
    assert.equal(early, "nothing yet");
    start(cluster, "r1", 0);
    ms(await waiting);
  });

  it("says that the moment was past when nothing is started again", async () => {
    const { end, wait } = setUp(60_000);
    const waiting = wait();
    setTimeout(() => end.abort(new Error("chaos is over")), 150);
    await assert.rejects(waiting, /^ChaosError: r1 had been started 1m before it was waited for, more than 300ms/);
  });

  it("ends with the phase where the moment was still to come", async () => {
    const { end, wait } = setUp(0);
    const waiting = wait(false, () => "r1", 60_000);
    setTimeout(() => end.abort(new Error("chaos is over")), 50);
    await assert.rejects(waiting, /chaos is over/);
  });

  it("follows a role to another node", async () => {
    const from = performance.now();
    const { cluster, wait } = setUp(0);
    start(cluster, "m1", 60_000 - AFTER);
    let meant = "r1";
    setTimeout(() => {
      meant = "m1";
    }, 50);
    // Of the other, which was started now, it would take a minute.
    assert.match(await wait(false, () => meant, 60_000), /^m1 was started (1m|6[0-9.]+s) ago$/);
    assert.ok(performance.now() - from >= AFTER - 20);
  });
});
