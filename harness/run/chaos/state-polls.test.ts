import assert from "node:assert/strict";
import { until } from "../../base/deadline.ts";
import type { System } from "../../systems/system.ts";
import { FakeCluster } from "../../testing/fake-cluster.support.ts";
import { StatePolls } from "./state-polls.ts";

const SAID = "# Replication\r\nrole:slave\r\nmaster_link_status:down\r\nmaster_sync_in_progress:1\r\n";

function setUp(answer: FakeCluster["answer"], more: Partial<System> = {}) {
  const cluster = new FakeCluster(["m1"], { r1: "m1" });
  const asked: string[] = [];
  const heard: string[] = [];
  cluster.answer = (node, argv) => {
    asked.push(node);
    return answer(node, argv);
  };
  const scene = { nodes: cluster.nodes, system: { ...cluster.system, ...more } };
  const polls = new StatePolls(scene, (node, { syncing }) => void heard.push(`${node} ${syncing}`));
  const times = (count: number): Promise<unknown> =>
    until({ what: `${count} questions`, within: 60_000, every: 5 }, () => asked.length >= count);
  return { polls, asked, heard, times };
}

describe("polls of a state that is waited for", () => {
  it("ask the nodes that are meant, again and again, and nobody when nobody waits any more", async () => {
    const { polls, asked, heard, times } = setUp(() => ({ outcome: "ok", reply: SAID }));
    const stop = polls.follow((node) => node === "r1");
    await times(3);
    stop();
    const before = asked.length;
    assert.deepEqual([...new Set(asked)], ["r1"]);
    assert.deepEqual([...new Set(heard)], ["r1 true"]);
    const again = polls.follow((node) => node === "m1");
    await times(before + 1);
    again();
    assert.equal(asked.slice(before).includes("r1"), false);
  });

  it("make nothing of an answer that tells no role, and ask again", async () => {
    const { polls, heard, times } = setUp(() => ({ outcome: "ok", reply: "OK" }));
    const stop = polls.follow(() => true);
    await times(4);
    stop();
    assert.deepEqual(heard, []);
  });

  it("ask no server that such questions can harm", async () => {
    const gentle = setUp(() => ({ outcome: "ok", reply: SAID }), { watchedGently: true });
    const usual = setUp(() => ({ outcome: "ok", reply: SAID }));
    const stops = [gentle, usual].map(({ polls }) => polls.follow(() => true));
    await usual.times(4);
    for (const stop of stops) stop();
    assert.deepEqual(gentle.asked, []);
  });

  it("ask a node that does not answer nothing more", async () => {
    const { polls, asked, times } = setUp((node) =>
      node === "m1" ? new Promise(() => {}) : { outcome: "ok", reply: SAID },
    );
    const stop = polls.follow(() => true);
    await times(5);
    stop();
    assert.equal(asked.filter((node) => node === "m1").length, 1);
  });
});
