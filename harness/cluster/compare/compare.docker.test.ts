import assert from "node:assert/strict";
import { until } from "../../base/deadline.ts";
import { CleanupScope } from "../../base/scope.ts";
import { connectEngine } from "../../docker/engine.ts";
import { RawConnection } from "../../resp/connection.ts";
import { compareDatasets } from "./compare.ts";

const IMAGE = process.env.KVCHAOS_TEST_IMAGE ?? "redis:7.0.15";
const LABELS = { "kvchaos.run": `compare-test-${process.pid}` };

type Command = readonly (string | Buffer | number)[];

describe("comparing two real servers", function () {
  this.timeout(600_000);
  const scope = new CleanupScope();
  const ports: [number, number] = [0, 0];
  let sides: [RawConnection, RawConnection];

  before(async () => {
    const engine = await connectEngine();
    [ports[0] = 0, ports[1] = 0] = await engine.freePorts(2);
    const network = await engine.createNetwork({ name: LABELS["kvchaos.run"], labels: LABELS });
    scope.defer("remove the network", () => engine.removeNetwork(network.id));
    const open = async (name: string, port: number) => {
      const id = await engine.createContainer({
        name: `${LABELS["kvchaos.run"]}-${name}`,
        image: IMAGE,
        command: ["redis-server", "--save", "", "--protected-mode", "no"],
        labels: LABELS,
        networks: [{ name: network.name }],
        ports: [{ container: 6379, host: port }],
        stopTimeout: 1,
      });
      scope.defer(`remove ${name}`, () => engine.remove(id));
      await engine.start(id);
      const connection = await until({ what: `${name} answers`, within: 120_000 }, async () => {
        const one = await RawConnection.open({ host: "127.0.0.1", port, within: 1000 });
        const { outcome } = await one.send(["PING"], { within: 1000 });
        return outcome === "ok" && one;
      });
      scope.defer(`close ${name}`, () => connection.close());
      return connection;
    };
    sides = await Promise.all([open("a", ports[0]), open("b", ports[1])]);
  });
  after(async () => {
    assert.deepEqual(await scope.close(), []);
  });
  beforeEach(() => both(["FLUSHALL"]));

  async function run(side: RawConnection, ...commands: Command[]): Promise<void> {
    for (const outcome of await Promise.all(commands.map((argv) => side.send(argv, { within: 20_000 })))) {
      assert.equal(outcome.outcome, "ok", JSON.stringify(outcome));
    }
  }
  async function both(...commands: Command[]): Promise<void> {
    await Promise.all(sides.map((side) => run(side, ...commands)));
  }
  const compare = (options: { within?: number; batch?: number } = {}) =>
    compareDatasets({
      master: { host: "127.0.0.1", port: ports[0] },
      replica: { host: "127.0.0.1", port: ports[1] },
      masterName: "m1",
      replicaName: "r1",
      within: 30_000,
      signal: new AbortController().signal,
      ...options,
    });

  const many = (count: number, item: (i: number) => Command) => Array.from({ length: count }, (_, i) => item(i)).flat();
  const bigText = "x".repeat(3 * 1024 * 1024);

  /** What both get, what only the replica gets on top, and what the difference must look like. */
  const cases: { what: string; common: Command[]; change: Command; master: RegExp; replica: RegExp }[] = [
    {
      what: "a string",
      common: [["SET", "k", "same"]],
      change: ["SET", "k", "sane"],
      master: /^"same" \(differs at byte 2\)$/,
      replica: /^"sane"/,
    },
    {
      what: "an empty string",
      common: [["SET", "k", ""]],
      change: ["SET", "k", "\0"],
      master: /^""$/,
      replica: /^"\\x00"$/,
    },
    {
      what: "the last byte of a string of 3 MiB",
      common: [["SET", "k", bigText]],
      change: ["SETRANGE", "k", bigText.length - 1, "y"],
      master: /x" \(differs at byte 3145727\)/,
      replica: /y"/,
    },
    {
      what: "the length of a string of 3 MiB",
      common: [["SET", "k", bigText]],
      change: ["APPEND", "k", "y"],
      master: /./,
      replica: /./,
    },
    {
      what: "a short list",
      common: [["RPUSH", "k", "a", "b", "c"]],
      change: ["LSET", "k", 1, "B"],
      master: /^\[1\] "b"$/,
      replica: /^\[1\] "B"$/,
    },
    {
      what: "the end of a long list",
      common: [["RPUSH", "k", ...many(3000, (i) => [`e${i}`])]],
      change: ["LSET", "k", 2999, "B"],
      master: /^\[2999\] "e2999"$/,
      replica: /"B"/,
    },
    {
      what: "a list's length",
      common: [["RPUSH", "k", "a"]],
      change: ["RPUSH", "k", "b"],
      master: /^\[1\] missing$/,
      replica: /^\[1\] "b"$/,
    },
    {
      what: "an intset's length",
      common: [["SADD", "k", 1, 2]],
      change: ["SADD", "k", 3],
      master: /^no member "3"$/,
      replica: /^member "3"$/,
    },
    {
      what: "a long set's member",
      common: [["SADD", "k", ...many(3000, (i) => [`m${i}`]), "last"]],
      change: ["EVAL", "redis.call('SREM','k','last') return redis.call('SADD','k','LAST')", 0],
      master: /^member "last"$/,
      replica: /^no member "last"$/,
    },
    {
      what: "a short hash's value",
      common: [["HSET", "k", "f", "1", "g", "2"]],
      change: ["HSET", "k", "g", "3"],
      master: /^field g: "2"$/,
      replica: /^field g: "3"$/,
    },
    {
      what: "a short hash's extra field",
      common: [["HSET", "k", "f", "1"]],
      change: ["HSET", "k", "g", "3"],
      master: /^field g: missing$/,
      replica: /^field g: "3"$/,
    },
    {
      what: "a long hash's value",
      common: [["HSET", "k", ...many(3000, (i) => [`f${i}`, `v${i}`])]],
      change: ["HSET", "k", "f1234", "other"],
      master: /^field f1234: "v1234"$/,
      replica: /^field f1234: "other"$/,
    },
    {
      what: "a short zset's score",
      common: [["ZADD", "k", 1, "a", 0.1, "b"]],
      change: ["ZADD", "k", 0.2, "b"],
      master: /^member "b" score 0\.1/,
      replica: /^member "b" score 0\.2/,
    },
    {
      what: "a long zset's score",
      common: [["ZADD", "k", ...many(3000, (i) => [i / 7, `m${i}`])]],
      change: ["ZADD", "k", 5.5, "m1234"],
      master: /^member "m1234" score 176\.28/,
      replica: /score 5\.5$/,
    },
    {
      what: "a long zset's length",
      common: [["ZADD", "k", ...many(300, (i) => [i, `m${i}`])]],
      change: ["ZREM", "k", "m7"],
      master: /^300 members$/,
      replica: /^299 members$/,
    },
    {
      what: "a short stream",
      common: [["XADD", "k", "1-1", "f", "v"]],
      change: ["XADD", "k", "1-2", "f", "v"],
      master: /^no entry$/,
      replica: /^entry 1-2 1:f1:v$/,
    },
    {
      what: "the end of a long stream",
      common: many(1500, (i) => [["XADD", "k", `5-${i + 1}`, "f", `v${i}`]] as never) as never,
      change: ["EVAL", "redis.call('XDEL','k','5-1400') return redis.call('XADD','k','6-1','f','v')", 0],
      master: /^entry 5-1400 /,
      replica: /^entry 5-1401 /,
    },
    {
      what: "an expiry",
      common: [["SET", "k", "v"]],
      change: ["PEXPIRE", "k", 100_000],
      master: /^no expiry$/,
      replica: /^expires$/,
    },
  ];
  for (const { what, common, change, master, replica } of cases) {
    it(`finds a difference in ${what}, and none before it`, async () => {
      await both(...common);
      const equal = await compare();
      assert.deepEqual([equal.complete, equal.why, equal.different], [true, null, 0], JSON.stringify(equal));
      await run(sides[1], change);
      const { different, differences, complete } = await compare();
      assert.deepEqual([complete, different, differences[0]?.kind, differences[0]?.key], [true, 1, "value", "k"]);
      assert.match(differences[0]?.master ?? "null", master);
      assert.match(differences[0]?.replica ?? "null", replica);
    });
  }

  it("finds a missing key, an extra key and a key of another type, whatever bytes their names have", async () => {
    await run(
      sides[0],
      ["SET", Buffer.from([0, 0xff, 0x0a]), "v"],
      ["LPUSH", "<b>&\u001b[31m", "e"],
      ["SET", "t", "v"],
    );
    await run(sides[1], ["SET", "extra", "v"], ["SADD", "t", "v"]);
    const { different, differences } = await compare();
    assert.equal(different, 4);
    const byKey = Object.fromEntries(
      differences.map(({ key, kind, master, replica }) => [key, [kind, master, replica]]),
    );
    assert.deepEqual(byKey, {
      "\\x00\\xff\\x0a": ["missing-on-replica", 'string "v"', null],
      "<b>&\\x1b[31m": ["missing-on-replica", "list", null],
      extra: ["extra-on-replica", null, 'string "v"'],
      t: ["type", "string", "set"],
    });
  });

  it("ignores the watchdog's probe key and tells keys apart from it", async () => {
    await run(sides[0], ["SET", "kvchaos:probe", "1"], ["SET", "kvchaos:probes", "1"]);
    const { differences, masterKeys } = await compare();
    assert.deepEqual([masterKeys, differences.map(({ key }) => key)], [1, ["kvchaos:probes"]]);
  });

  it("takes keys that expired on both sides as gone, and equal expiries as equal", async () => {
    await both(["SET", "gone", "v", "PX", 1], ["SET", "stays", "v", "EX", 1000]);
    const { different, complete } = await compare();
    assert.deepEqual([different, complete], [0, true]);
  });

  it("compares 20,000 keys of every type, finds the one that differs, and counts them all", async () => {
    await both(
      ...Array.from({ length: 20_000 }, (_, i): Command => {
        const key = `key:${i}`;
        if (i % 5 === 0) return ["SET", key, `value ${i}`];
        if (i % 5 === 1) return ["RPUSH", key, "a", i];
        if (i % 5 === 2) return ["SADD", key, "a", i];
        if (i % 5 === 3) return ["ZADD", key, i, "a"];
        return ["HSET", key, "f", i];
      }),
    );
    await run(sides[1], ["HSET", "key:14004", "f", "other"]);
    const result = await compare();
    assert.deepEqual([result.masterKeys, result.replicaKeys, result.different], [20_000, 20_000, 1]);
    assert.equal(result.differences[0]?.key, "key:14004");
  });

  it("shows the first 20 of many differences and counts all", async () => {
    await run(sides[0], ...Array.from({ length: 1000 }, (_, i): Command => ["SET", `key:${i}`, i]));
    const { different, differences } = await compare({ batch: 10 });
    assert.deepEqual([different, differences.length], [1000, 20]);
  });
});
