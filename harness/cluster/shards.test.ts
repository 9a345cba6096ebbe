import assert from "node:assert/strict";
import { Shards } from "./shards.ts";
import { SLOTS, slotOf, slotShares, tagsWithin } from "./slots.ts";

describe("slots", () => {
  it("are what the cluster specification says", () => {
    // The specification's own test vector: CRC16 of "123456789" is 0x31c3.
    assert.equal(slotOf("123456789"), 0x31c3 % SLOTS);
    assert.equal(slotOf("{user1000}.following"), slotOf("{user1000}.followers"));
    assert.equal(slotOf("foo{}bar"), slotOf("foo{}bar"));
    assert.notEqual(slotOf("foo{}bar"), slotOf("foo{}baz"));
  });

  it("are shared out without gap or overlap", () => {
    for (const count of [1, 2, 3, 7]) {
      const shares = slotShares(count);
      assert.equal(shares[0]?.[0], 0);
      assert.equal(shares.at(-1)?.[1], SLOTS - 1);
      shares.slice(1).forEach(([first], i) => {
        assert.equal(first, (shares[i]?.[1] ?? 0) + 1);
      });
    }
  });
});

describe("shards", () => {
  const topology = { masters: ["m1", "m2"], replicaOf: { r1: "m1", r2: "m2" } };
  const address = (to: string) => ({ host: "toxiproxy", port: 10_000 + Number(to.slice(1)) });

  it("give every node a name of 40 hexadecimal digits, always the same", () => {
    const shards = new Shards(["m1", "m2"]);
    assert.match(shards.id("m1"), /^[0-9a-f]{40}$/);
    assert.equal(shards.id("m1"), new Shards(["x"]).id("m1"));
    assert.notEqual(shards.id("m1"), shards.id("m2"));
  });

  it("say the name that a node was found to have", () => {
    const shards = new Shards(["m1", "m2"]);
    shards.learnId("m1", "07c3");
    assert.equal(shards.id("m1"), "07c3");
    assert.match(shards.id("m2"), /^[0-9a-f]{40}$/);
  });

  it("show everybody, at the address the viewer reaches them", () => {
    const shards = new Shards(["m1", "m2"]);
    const members = shards.members(topology, address);
    assert.deepEqual(
      members.map(({ port, master, slots }) => [port, master, slots]),
      [
        [10_001, null, [[0, 8191]]],
        [10_002, null, [[8192, 16_383]]],
        [10_001, shards.id("m1"), []],
        [10_002, shards.id("m2"), []],
      ],
    );
  });

  it("tag keys so that they are the shard's own", () => {
    const shards = new Shards(["m1", "m2"]);
    assert.ok(slotOf(`${shards.tag("m1")}set:1`) <= 8191);
    assert.ok(slotOf(`${shards.tag("m2")}set:1`) >= 8192);
    assert.equal(shards.tag("r1"), "");
  });

  it("have many tags, each of another slot of their own, whose slots come first when some are to be moved", () => {
    const shards = new Shards(["m1", "m2"]);
    const tags = shards.tags("m2");
    const tagged = tags.map(slotOf);
    assert.deepEqual([tags.length, tags[0], new Set(tagged).size], [64, shards.tag("m2"), 64]);
    assert.ok(tagged.every((slot) => slot >= 8192));
    shards.moveSlot(tagged[1] ?? -1, "m1");
    const own = shards.ownSlots("m2");
    assert.deepEqual(own.slice(0, 3), [tagged[0], tagged[2], tagged[3]]);
    assert.deepEqual([own.length, new Set(own).size, own.includes(tagged[1] ?? -1)], [8191, 8191, false]);
    assert.deepEqual(tagsWithin([7, 9], 5).map(slotOf).sort(), [7, 8, 9]);
  });

  it("follow a promotion: the replica takes over slots and tag of its master", () => {
    const shards = new Shards(["m1", "m2"]);
    const tag = shards.tag("m1");
    const now = { masters: ["r1", "m2"], replicaOf: { m1: "r1", r2: "m2" } };
    shards.follow(topology, now);
    assert.equal(shards.tag("r1"), tag);
    assert.equal(shards.tag("m1"), "");
    assert.deepEqual(shards.members(now, address)[0]?.slots, [[0, 8191]]);
  });

  it("leave the slots where they are when a replica moves to another master", () => {
    const shards = new Shards(["m1", "m2"]);
    const now = { masters: ["m1", "m2"], replicaOf: { r1: "m2", r2: "m2" } };
    shards.follow(topology, now);
    assert.deepEqual(
      shards.members(now, address).map(({ slots }) => slots),
      [[[0, 8191]], [[8192, 16_383]], [], []],
    );
  });

  it("leave a slot where it was moved to, also when its new master is replaced, and when it comes back", () => {
    const shards = new Shards(["m1", "m2"]);
    const slots = (now: { masters: string[]; replicaOf: Record<string, string> }) =>
      shards.members(now, address).map((member) => member.slots);
    shards.moveSlot(2843, "m2");
    assert.deepEqual(slots(topology).slice(0, 2), [
      [
        [0, 2842],
        [2844, 8191],
      ],
      [
        [8192, 16_383],
        [2843, 2843],
      ],
    ]);
    const now = { masters: ["m1", "r2"], replicaOf: { r1: "m1", m2: "r2" } };
    shards.follow(topology, now);
    assert.deepEqual(slots(now)[1], [
      [8192, 16_383],
      [2843, 2843],
    ]);
    shards.moveSlot(2843, "m1");
    assert.deepEqual(slots(now).slice(0, 2), [[[0, 8191]], [[8192, 16_383]]]);
    shards.moveSlot(0, "r2");
    shards.moveSlot(8191, "r2");
    assert.deepEqual(slots(now)[0], [[1, 8190]]);
  });

  it("number topologies upwards", () => {
    const shards = new Shards(["m1"]);
    const first = shards.nextVersion();
    assert.ok(shards.nextVersion() > first);
  });
});
