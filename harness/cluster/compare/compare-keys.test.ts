import assert from "node:assert/strict";
import { type Reply, RespError } from "../../resp/reply.ts";
import { type FakeKey, type Manner, serveDataset } from "../../testing/fake-dataset.support.ts";
import { FakeServer } from "../../testing/fake-server.support.ts";
import { type Comparison, compareDatasets } from "./compare.ts";

type Data = Map<string, FakeKey>;
const text = (value: string, more: Partial<FakeKey> = {}): FakeKey => ({ type: "string", items: [value], ...more });
/** Runs at once, each with two servers of its own. */
const AT_ONCE = 24;

async function withServers<T>(work: (master: FakeServer, replica: FakeServer) => Promise<T>): Promise<T> {
  const [master, replica] = await Promise.all([FakeServer.start(), FakeServer.start()]);
  try {
    return await work(master, replica);
  } finally {
    await Promise.all([master.stop(), replica.stop()]);
  }
}

function compare(master: FakeServer, replica: FakeServer): Promise<Comparison> {
  const { signal } = new AbortController();
  return compareDatasets({ master, replica, masterName: "m1", replicaName: "r1", within: 20_000, signal });
}

const told = ({ complete, why, differences }: Comparison) => ({
  complete,
  why,
  differences: differences.map(({ key, kind }) => `${kind} ${key}`),
});

const FIRST: Readonly<Record<FakeKey["type"], FakeKey>> = {
  string: text("one"),
  list: { type: "list", items: ["a", "b"] },
  set: { type: "set", items: ["a", "b"] },
  zset: { type: "zset", items: ["a", "1", "b", "2"] },
  hash: { type: "hash", items: ["f", "1", "g", "2"] },
};

describe("comparing keys that change between two questions", function () {
  this.timeout(600_000);

  /** What happens to the key, on the master first and on the replica so many questions later. */
  interface Change {
    name: string;
    manner: Manner;
    ttl?: number;
    apply(data: Data): void;
  }
  const CHANGES: readonly Change[] = [
    ...(["redis", "kvrocks"] as const).flatMap((manner): Change[] => [
      { name: `it is deleted (${manner})`, manner, apply: (data) => void data.delete("k") },
      { name: `it expires (${manner})`, manner, ttl: 30, apply: (data) => void data.delete("k") },
    ]),
    ...(["kvrocks", "pika"] as const).map(
      (manner): Change => ({
        name: `it expires and is listed all the same (${manner})`,
        manner,
        ttl: 30,
        apply: (data) => void data.set("k", { ...(data.get("k") as FakeKey), expired: true }),
      }),
    ),
    { name: "it becomes a list", manner: "redis", apply: (data) => void data.set("k", { type: "list", items: ["x"] }) },
    { name: "it becomes a string", manner: "redis", apply: (data) => void data.set("k", text("other")) },
  ];

  async function oneRun(change: Change, first: FakeKey, at: number, lag: number) {
    return withServers(async (master, replica) => {
      const dataset = (differs: string): Data =>
        new Map([
          ["a", text("same")],
          ["k", { ...first, ttl: change.ttl ?? -1 }],
          ["z", text(differs)],
        ]);
      const [mine, theirs] = [dataset("master's"), dataset("replica's")];
      let questions = 0;
      const asked = () => {
        if (questions === at) change.apply(mine);
        if (questions === at + lag) change.apply(theirs);
        questions++;
        return undefined;
      };
      serveDataset(master, mine, { manner: change.manner, asked });
      serveDataset(replica, theirs, { manner: change.manner, asked });
      return { ...told(await compare(master, replica)), questions };
    });
  }

  for (const change of CHANGES) {
    it(`finds the one real difference and no other, whenever ${change.name}`, async () => {
      const runs: (() => Promise<void>)[] = [];
      const types = Object.keys(FIRST) as FakeKey["type"][];
      for (const type of change.manner === "redis" ? types : (["string", "hash"] as const)) {
        for (const lag of [0, 3]) {
          for (let at = 0; at < 32; at++) {
            runs.push(async () => {
              const { questions, ...result } = await oneRun(change, FIRST[type], at, lag);
              const when = `${type}, question ${at} of ${questions}, replica ${lag} later`;
              assert.deepEqual(result, { complete: true, why: null, differences: ["value z"] }, when);
            });
          }
        }
      }
      const lanes = Array.from({ length: AT_ONCE }, async () => {
        for (let next = runs.shift(); next; next = runs.shift()) await next();
      });
      await Promise.all(lanes);
    });
  }
});

describe("comparing when an answer is odd", function () {
  this.timeout(600_000);

  const ODD: readonly [string, Reply][] = [
    ["WRONGTYPE", new RespError("WRONGTYPE Operation against a key holding the wrong kind of value")],
    ["another error", new RespError("ERR something else")],
    ["LOADING", new RespError("LOADING Redis is loading the dataset in memory")],
    ["nil", null],
    ["an array", [[]]],
  ];
  const dataset = (): Data =>
    new Map([
      ["a", text("1")],
      ["k", text("2")],
      ["l", FIRST.list],
      ["z", text("3")],
    ]);

  /** `z` differs, `x` is the replica's alone; `odd` answers instead of a server, or does not. */
  function run(odd: (side: "m1" | "r1", argv: readonly string[]) => Reply | undefined): Promise<Comparison> {
    return withServers(async (master, replica) => {
      serveDataset(master, dataset(), { asked: (argv) => odd("m1", argv) });
      const theirs = dataset().set("z", text("4")).set("x", text("5"));
      serveDataset(replica, theirs, { asked: (argv) => odd("r1", argv) });
      return compare(master, replica);
    });
  }

  for (const [name, odd] of ODD) {
    it(`asks again where one answer is ${name}`, async () => {
      for (const [side, command] of [
        ["m1", "SCAN"],
        ["r1", "SCAN"],
        ["r1", "TYPE"],
        ["m1", "PTTL"],
        ["r1", "GETRANGE"],
        ["r1", "LRANGE"],
        ["m1", "EXISTS"],
      ]) {
        let asked = 0;
        const result = await run((whose, [what]) =>
          whose === side && what === command && asked++ === 0 ? odd : undefined,
        );
        assert.ok(asked > 1, `${command} was asked again`);
        assert.deepEqual(
          told(result),
          { complete: true, why: null, differences: ["value z", "extra-on-replica x"] },
          command,
        );
      }
    });

    it(`names the key of which an answer is always ${name}, and compares the others to the end`, async () => {
      const result = await run((side, [what, key]) =>
        side === "r1" && what === "GETRANGE" && key === "k" ? odd : undefined,
      );
      assert.deepEqual(
        [result.complete, result.notComparable, result.masterKeys, result.replicaKeys],
        [false, 1, 4, 5],
      );
      assert.match(result.why ?? "", /^1 key could not be compared \(first: k: /);
      assert.deepEqual(told(result).differences, ["value z", "extra-on-replica x"]);
    });
  }

  it("does not compare a key that is another one at each look, and says so", async () => {
    let looks = 0;
    const result = await run((side, [what, key]) => {
      return side === "m1" && what === "TYPE" && key === "z" && looks++ % 2 === 1 ? "list" : undefined;
    });
    assert.equal(result.why, "1 key could not be compared (first: z: it changed while it was looked at)");
    assert.deepEqual(told(result).differences, ["extra-on-replica x"]);
  });
});

describe("comparing keys that are gone for one side only", () => {
  const expired = (value: string): FakeKey => text(value, { expired: true });
  const CASES: readonly [string, FakeKey, FakeKey, string[]][] = [
    [
      "missing where the replica names its type but has it no longer",
      text("v"),
      expired("v"),
      ["missing-on-replica k"],
    ],
    [
      "missing where the replica's type is another, of a key that expired",
      text("v"),
      { ...FIRST.list, expired: true },
      ["missing-on-replica k"],
    ],
    ["missing where the value is empty on both", text(""), expired(""), ["missing-on-replica k"]],
    [
      "missing where it will expire on the master in an hour",
      text("v", { ttl: 3_600_000 }),
      expired("v"),
      ["missing-on-replica k"],
    ],
    ["extra where the master names its type but has it no longer", expired("v"), text("v"), ["extra-on-replica k"]],
    ["equal where both only name its type", expired("v"), expired("w"), []],
  ];
  for (const [name, mine, theirs, differences] of CASES) {
    it(`is ${name}`, async () => {
      const result = await withServers(async (master, replica) => {
        serveDataset(master, new Map([["k", mine]]), { manner: "pika" });
        serveDataset(replica, new Map([["k", theirs]]), { manner: "pika" });
        return compare(master, replica);
      });
      assert.deepEqual(told(result), { complete: true, why: null, differences });
    });
  }
});

describe("comparing deadlines", () => {
  const lives = (ttl: number) => text("v", { ttl });
  const CASES: readonly [string, FakeKey, FakeKey, string[]][] = [
    ["equal where they are nearly the same", lives(60_000), lives(61_500), []],
    ["different where they are far apart", lives(60_000), lives(120_000), ["value k"]],
    ["different where only one side has one", lives(60_000), text("v"), ["value k"]],
    ["different in a collection, too", { ...FIRST.hash, ttl: 60_000 }, { ...FIRST.hash, ttl: 6_000_000 }, ["value k"]],
    // It never goes, for these servers have no clock: what is about to expire is no difference however often it is looked at.
    ["equal where both are about to come", lives(900), { ...FIRST.list, ttl: 1_000 }, []],
  ];
  for (const [name, mine, theirs, differences] of CASES) {
    it(`finds them ${name}`, async () => {
      const result = await withServers(async (master, replica) => {
        serveDataset(master, new Map([["k", mine]]));
        serveDataset(replica, new Map([["k", theirs]]));
        return compare(master, replica);
      });
      assert.deepEqual(told(result), { complete: true, why: null, differences });
      if (name.startsWith("different where they")) {
        assert.deepEqual(
          result.differences.map(({ master, replica }) => [master, replica]),
          [["expires 60 s before", "expires 60 s after"]],
        );
      }
    });
  }
});
