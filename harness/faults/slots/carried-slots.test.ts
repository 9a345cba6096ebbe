import assert from "node:assert/strict";
import { ChaosError } from "../../base/chaos-error.ts";
import { Shards } from "../../cluster/shards.ts";
import { SlotMoves } from "../../cluster/slot-moves/slot-moves.ts";
import type { OpenMove } from "../../cluster/slot-moves/slot-transit.ts";
import { slotOf } from "../../cluster/slots.ts";
import { RespError } from "../../resp/reply.ts";
import { kvrocks } from "../../systems/kvrocks.ts";
import type { Argv } from "../../systems/system.ts";
import { FakeCluster } from "../../testing/fake-cluster.support.ts";
import { moverOf } from "./mover-of.ts";
import { isRefusal } from "./refusals.ts";
import type { SlotMover } from "./slot-mover.ts";

const MOVE: OpenMove = { slot: 5, from: "m1", to: "m2", by: "move", close: "finish" };

describe("slots that the server carries over (Kvrocks)", () => {
  let cluster: FakeCluster;
  let mover: SlotMover;
  const { signal } = new AbortController();
  const how = { batch: 10, pace: null, onKeys: () => {}, signal };
  /** What CLUSTER INFO says of the migration, one answer after the other; the last one stays. */
  let infos: string[];
  let versions: Record<string, number>;
  /** The server answers questions about the slot's keys with MOVED. */
  let isAway: boolean;
  /** What a server answers instead, by the words that the command begins with. */
  let refusals: Record<string, string[]>;

  beforeEach(() => {
    [infos, refusals, isAway] = [[], {}, false];
    cluster = new FakeCluster(["m1", "m2"], { r1: "m1" });
    versions = { m1: 3, m2: 3, r1: 4 };
    Object.assign(cluster, { system: kvrocks });
    const scene = {
      topology: cluster.topology,
      ruler: cluster.ruler,
      namesOf: () => [],
      addressFrom: () => ({ host: "", port: 0 }),
    };
    cluster.slots = new SlotMoves(new Shards(["m1", "m2"]), scene, () => {});
    for (const node of cluster.nodes) Object.assign(node, { admin: async (argv: Argv) => answer(node.name, argv) });
    mover = moverOf({ cluster, slots: cluster.slots });
  });

  function answer(node: string, argv: Argv): string | number {
    const words = argv.join(" ");
    if (words === "CLUSTER INFO") return `cluster_state:ok\r\n${infos.length > 1 ? infos.shift() : (infos[0] ?? "")}`;
    if (words === "CLUSTERX VERSION") return versions[node] ?? 0;
    if (argv[0] === "EXISTS") {
      assert.equal(slotOf(String(argv[1])), MOVE.slot);
      if (!isAway) return 0;
      throw new ChaosError("infrastructure", "refused", { cause: new RespError("MOVED 5 192.0.2.2:6666") });
    }
    cluster.said.push(`${node}: ${words}`);
    const refusal = Object.entries(refusals)
      .find(([begin]) => words.startsWith(begin))?.[1]
      .shift();
    if (refusal !== undefined) throw new ChaosError("infrastructure", refusal, { cause: new RespError(refusal) });
    return "OK";
  }

  const info = (state: string, slot: number | string = 5, name = "migrating_slot(s)") =>
    `${name}: ${slot}\r\ndestination_node: id-of-m2\r\nmigrating_state: ${state}\r\n`;

  it("asks the master that has it, by the id of the one that gets it", async () => {
    await mover.begin(MOVE, signal);
    assert.deepEqual(cluster.said, ["m1: CLUSTERX MIGRATE 5 id-of-m2"]);
  });

  it("follows masters that were replaced since", async () => {
    const topology = { masters: ["r1", "m2"], replicaOf: { m1: "r1" } };
    const scene = {
      topology,
      ruler: cluster.ruler,
      namesOf: () => [],
      addressFrom: () => ({ host: "", port: 0 }),
    };
    const slots = new SlotMoves(new Shards(["r1", "m2"]), scene, () => {});
    await moverOf({ cluster, slots }).begin(MOVE, signal);
    assert.deepEqual(cluster.said, ["r1: CLUSTERX MIGRATE 5 id-of-m2"]);
  });

  for (const name of ["migrating_slot", "migrating_slot(s)"]) {
    it(`waits until the server says that it is over, in the words "${name}"`, async () => {
      infos = [info("start", 5, name), info("start", 5, name), info("success", 5, name)];
      assert.equal(await mover.carry(MOVE, how), 0);
      assert.equal(infos.length, 1);
    });
  }

  it("a migration that the server says has failed is a refusal", async () => {
    infos = [info("start"), info("fail")];
    await assert.rejects(mover.carry(MOVE, how), (error: Error) => {
      assert.match(error.message, /^m1 says of the migration of slot 5: fail$/);
      return isRefusal(error);
    });
  });

  it("is the other's from when its master sends clients there, whatever it says of its last migration", async () => {
    infos = [info("fail", 4)];
    assert.ok(!(await mover.isGiven(MOVE, signal)));
    isAway = true;
    assert.ok(await mover.isGiven(MOVE, signal));
  });

  for (const [who, said] of [
    ["a server that was started anew", ""],
    ["a server that has carried another one over since", info("success", 4)],
  ] as const) {
    it(`${who} knows nothing of it, and nobody waits for that to change`, async () => {
      infos = [said];
      await assert.rejects(mover.carry(MOVE, how), /m1 does not know of a migration of slot 5/);
      assert.deepEqual(await mover.takeBack(MOVE, how), { keys: 0, given: false });
    });
  }

  it("tells every node, first who gets it, each the number that comes after its own", async () => {
    await mover.give(MOVE, signal);
    assert.deepEqual(cluster.said, [
      "m2: CLUSTERX SETSLOT 5 NODE id-of-m2 4",
      "m1: CLUSTERX SETSLOT 5 NODE id-of-m2 4",
      "r1: CLUSTERX SETSLOT 5 NODE id-of-m2 5",
    ]);
    assert.equal(cluster.nextTopologyVersion(), 2);
  });

  it("takes back what failed, and gives what was over by then", async () => {
    infos = [info("start"), info("fail")];
    assert.deepEqual(await mover.takeBack(MOVE, how), { keys: 0, given: false });
    assert.deepEqual(cluster.said, []);
    infos = [info("start"), info("success")];
    isAway = true;
    assert.deepEqual(await mover.takeBack(MOVE, how), { keys: 0, given: true });
    assert.equal(cluster.said.length, 3);
  });

  it("a server that is still busy with the last one refuses nothing for good", async () => {
    for (const text of ["ERR There is already a migrating slot", "ERR There is already a migrating job"]) {
      refusals = { "CLUSTERX MIGRATE": [text] };
      await assert.rejects(mover.begin(MOVE, signal), (error: Error) => {
        assert.match(error.message, /already a migrating/);
        return !isRefusal(error);
      });
    }
    refusals = { "CLUSTERX MIGRATE": ["ERR Can't migrate slot to myself"] };
    await assert.rejects(mover.begin(MOVE, signal), isRefusal);
  });
});
