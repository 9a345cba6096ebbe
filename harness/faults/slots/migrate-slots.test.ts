import assert from "node:assert/strict";
import { ChaosError } from "../../base/chaos-error.ts";
import { monotonicClock } from "../../base/clock.ts";
import { Shards } from "../../cluster/shards.ts";
import { SlotMoves } from "../../cluster/slot-moves/slot-moves.ts";
import type { SlotStep } from "../../cluster/slot-moves/slot-transit.ts";
import type { Emit, EventOf, JournalEvent } from "../../journal/events.ts";
import { RespError } from "../../resp/reply.ts";
import type { Argv } from "../../systems/system.ts";
import { FakeCluster } from "../../testing/fake-cluster.support.ts";
import { plannedParams } from "../../testing/planned-params.support.ts";
import type { FaultContext } from "../fault.ts";
import { migrateSlots } from "./migrate-slots.ts";

type Answer = (argv: Argv) => unknown;

describe("migrate-slots", () => {
  let cluster: FakeCluster;
  let shards: Shards;
  let events: JournalEvent[];
  let steps: SlotStep[];
  let heals: (() => Promise<void>)[];
  let stop: AbortController;
  /** What servers say to some commands; "OK" to all others. */
  let answers: Record<string, Answer>;

  beforeEach(() => {
    [events, steps, heals, answers, stop] = [[], [], [], {}, new AbortController()];
    cluster = new FakeCluster(["m1", "m2", "m3"], { r1: "m1" });
    cluster.ruler = "servers";
    shards = new Shards(cluster.topology.masters);
    const emit: Emit = (event) => void events.push(event as JournalEvent);
    const scene = {
      get topology() {
        return cluster.topology;
      },
      ruler: cluster.ruler,
      namesOf: (node: string) => [`address-of-${node}:6379`],
      addressFrom: () => ({ host: "", port: 0 }),
    };
    cluster.slots = new SlotMoves(shards, scene, emit);
    cluster.slots.onStep((step) => steps.push(step));
    for (const node of cluster.nodes) {
      Object.assign(node, {
        admin: async (argv: Argv) => {
          cluster.said.push(`${node.name}: ${argv.join(" ")}`);
          const answer = answers[argv[0] === "CLUSTER" ? `${argv[1]}` : `${argv[0]}`]?.(argv) ?? "OK";
          if (answer instanceof RespError) throw new ChaosError("infrastructure", "refused", { cause: answer });
          return answer;
        },
      });
    }
  });

  const context = (): FaultContext => ({
    id: "move",
    cluster,
    clock: monotonicClock(),
    signal: stop.signal,
    onHeal: (_what, undo) => void heals.push(undo),
    claim: () => () => {},
    pausing: () => () => {},
    note: () => {},
    emit: () => {},
    capture: async () => {},
    heldBy: () => null,
    keep: async () => "",
  });

  async function run(written: object) {
    const injected = await migrateSlots.inject(context(), plannedParams(migrateSlots, written));
    const effect = await injected.effect();
    for (const heal of heals) await heal();
    return effect;
  }

  const moves = () =>
    events
      .filter((event): event is EventOf<"slot-move"> => event.type === "slot-move")
      .map(({ slot, from, to, step, keys }) => `${slot} ${from} ${to} ${step} ${keys}`);

  /** So many keys are in every slot, taken away by MIGRATE. */
  function holdKeys(count: number): void {
    let left = count;
    answers.COUNTKEYSINSLOT = () => left;
    answers.GETKEYSINSLOT = ([, , , most]) =>
      Array.from({ length: Math.min(left, Number(most)) }, (_, i) => Buffer.from(`k${left - i}`));
    answers.MIGRATE = (argv) => {
      left -= argv.length - argv.indexOf("KEYS") - 1;
      if (left === 0) queueMicrotask(() => (left = 0));
      return "OK";
    };
  }

  it("plans slots as they are written: how many, or a list with ranges", () => {
    assert.deepEqual(plannedParams(migrateSlots, {}), {
      ...{ from: "master", to: "other-master", slots: 1, batch: 10, pace: null, close: "finish" },
    });
    assert.deepEqual(plannedParams(migrateSlots, { slots: [93, "100-102", 101] }).slots, [93, 100, 101, 102]);
    for (const slots of [0, [], ["7-3"], ["0-16384"], [-1]]) {
      assert.ok(!migrateSlots.parameters.written.safeParse({ slots }).success, JSON.stringify(slots));
    }
  });

  it("tells both ends, carries the keys over in steps, and tells all masters", async () => {
    holdKeys(3);
    const { measured, summary } = await run({ from: "m1", to: "m2", slots: [5], batch: 2 });
    const node = (name: string) => `${name}: CLUSTER SETSLOT 5 NODE id-of-m2`;
    const carried = (keys: string) => `m1: MIGRATE address-of-m2 6379  0 5000 REPLACE KEYS ${keys}`;
    assert.deepEqual(
      cluster.said.filter((line) => !/GETKEYS|COUNTKEYS/.test(line)),
      [
        "m2: CLUSTER SETSLOT 5 IMPORTING id-of-m1",
        "m1: CLUSTER SETSLOT 5 MIGRATING id-of-m2",
        ...[carried("k3 k2"), carried("k1")],
        ...[node("m2"), node("m1"), node("m3")],
      ],
    );
    assert.ok(measured);
    assert.match(summary, /^1 of 1 slots moved from m1 to m2 in \S+, 3 keys carried over$/);
    assert.deepEqual(moves(), ["5 m1 m2 begin 0", "5 m1 m2 moved 3"]);
    assert.deepEqual(
      steps.map(({ progress, open }) => [progress.toFixed(2), open]),
      [
        ["0.00", true],
        ["0.67", true],
        ["1.00", true],
        ["1.00", false],
      ],
    );
    assert.deepEqual(
      [cluster.slots?.open, shards.ownSlots("m2").includes(5), shards.ownSlots("m1").includes(5)],
      [[], true, false],
    );
  });

  it("takes first the slots with the keys of loads, one after the other", async () => {
    await run({ from: "m1", slots: 3 });
    assert.deepEqual(
      moves()
        .filter((line) => line.includes("moved"))
        .map((line) => line.split(" ")[0]),
      ["2843", "2975", "431"],
    );
  });

  it("gives up at the first error and leaves that slot open", async () => {
    holdKeys(3);
    answers.MIGRATE = () => new RespError("IOERR error or timeout reading from target node");
    const { measured, summary } = await run({ from: "m1", to: "m2", slots: [5, 6] });
    assert.ok(measured);
    assert.match(summary, /^0 of 2 slots .*slot 5 was left open: MIGRATE of 3 keys from m1 to m2: IOERR/);
    assert.deepEqual(moves(), ["5 m1 m2 begin 0", "5 m1 m2 left-open 0"]);
    assert.deepEqual(
      cluster.slots?.open.map(({ slot }) => slot),
      [5],
    );
    assert.equal(
      events.find((event) => event.type === "slot-move" && event.step === "left-open" && event.refused),
      undefined,
    );
    assert.ok(shards.ownSlots("m1").includes(5));
  });

  it("is not in place when the servers refuse to begin", async () => {
    answers.SETSLOT = () => new RespError("ERR I'm already the owner of hash slot 5");
    await assert.rejects(run({ from: "m1", to: "m2", slots: [5] }));
    assert.ok(events.some((event) => event.type === "slot-move" && event.step === "left-open" && event.refused));
  });

  it("wants slots that the master has, and another master", async () => {
    await assert.rejects(run({ from: "m1", to: "m2", slots: [16000] }), /16000: no slot of m1/);
    await assert.rejects(run({ from: "m1", to: "r1", slots: 1 }), /m1 is no other master than m1/);
    assert.deepEqual(moves(), []);
  });

  it("a slot on its way, or given away, says nothing of its shard", async () => {
    assert.equal(shards.lasting("m1"), 0);
    await run({ from: "m1", slots: ["0-3"] });
    assert.equal(shards.lasting("m1"), 4);
    shards.setMoving([4]);
    assert.equal(shards.lasting("m1"), 5);
  });
});
