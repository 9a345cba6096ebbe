import assert from "node:assert/strict";
import type { Cluster } from "../../cluster/cluster.ts";
import type { Controllers } from "../../cluster/controllers/controllers.ts";
import type { OpenMove, SlotTransit } from "../../cluster/slot-moves/slot-transit.ts";
import type { ControllerView } from "../../systems/controller-mode.ts";
import { kvrocks } from "../../systems/kvrocks.ts";
import { kvrocksController } from "../../systems/kvrocks-controller.ts";
import { MigrationFailed } from "./refusals.ts";
import { RuledSlots } from "./ruled-slots.ts";

const MOVE: OpenMove = { slot: 93, from: "m1", to: "m2", by: "move", close: "finish" };
const signal = new AbortController().signal;
const how = { batch: 1, pace: null, onKeys: () => {}, signal };

/** The topology with slot 93 at one of the two shards, on its way or not. */
function view(owner: 0 | 1, migrating: number | null, version = 4): ControllerView {
  const slots = (own: boolean, rest: [number, number]) => (own ? [[93, 93] as [number, number], rest] : [rest]);
  return {
    version,
    shards: [
      { slots: slots(owner === 0, [100, 8191]), migrating, nodes: [] },
      { slots: slots(owner === 1, [8192, 16_383]), migrating: null, nodes: [] },
    ],
  };
}

/** Controllers that show these one after the other, the last again and again; every server has version 4. */
function moverOver(views: ControllerView[], orders: unknown[] = []) {
  const controllers = {
    mode: kvrocksController,
    current: async () => (views.length > 1 ? views.shift() : views[0]),
    order: async (call: unknown) => void orders.push(call),
  } as unknown as Controllers;
  const nodes = ["m1", "m2"].map((name) => ({
    name,
    admin: async (argv: readonly string[]) =>
      argv[0] === "CLUSTERX" ? "4" : "migrating_slot(s): 93\r\nmigrating_state: start\r\n",
  }));
  const cluster = {
    nodes,
    node: (name: string) => nodes.find((one) => one.name === name),
    topology: { masters: ["m1", "m2"], replicaOf: {} },
  } as unknown as Cluster;
  const slots = { masterOf: (node: string) => node } as SlotTransit;
  if (!kvrocks.cluster) throw new RangeError("kvrocks has a cluster mode");
  return new RuledSlots({ cluster, slots }, kvrocks.cluster, controllers);
}

describe("slots that controllers move", () => {
  it("are asked of them, and of nobody when they are on their way already", async () => {
    const orders: unknown[] = [];
    await moverOver([view(0, null)], orders).begin(MOVE, signal);
    assert.deepEqual(orders, [
      {
        method: "POST",
        path: "/api/v1/namespaces/kvchaos/clusters/kvchaos/migrate",
        body: { slot: 93, target: 1, slot_only: false },
      },
    ]);
    await moverOver([view(0, 93)], orders).begin(MOVE, signal);
    assert.equal(orders.length, 1);
  });

  it("are over when they are the other shard's in the controllers' topology, and every server has it", async () => {
    const mover = moverOver([view(0, 93), view(0, 93), view(1, null)]);
    assert.equal(await mover.carry(MOVE, how), 0);
    await mover.give(MOVE, signal);
    assert.equal(await mover.isGiven(MOVE, signal), true);
    assert.equal(await moverOver([view(0, null)]).isGiven(MOVE, signal), false);
  });

  it("have failed when the controllers have forgotten them", async () => {
    await assert.rejects(moverOver([view(0, 93), view(0, null)]).carry(MOVE, how), MigrationFailed);
    assert.deepEqual(await moverOver([view(0, null)]).takeBack(MOVE, how), { keys: 0, given: false });
    assert.deepEqual(await moverOver([view(1, null)]).takeBack(MOVE, how), { keys: 0, given: true });
  });
});
