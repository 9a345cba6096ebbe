import assert from "node:assert/strict";
import { seededRandom } from "../../base/random.ts";
import { chooseCommands, whyNever } from "./choice.ts";
import { syntaxInDocs } from "./docs.ts";
import { commandInfos, syntaxOfInfo } from "./infos.ts";
import { isKnown } from "./known-names.ts";
import { commonSyntax } from "./lines.ts";
import { type CommandSyntax, type Group, syntaxOf } from "./syntax.ts";
import { WordDrawer } from "./words.ts";

const NOW = 1_700_000_000_000;

function drawer(seed: string, families = 1): WordDrawer {
  const name = (number: number, kind: string): string => `k:${number}:${kind}`;
  const space = { name, keys: 40, families, elements: 8, value: { min: 3, max: 9 } };
  return new WordDrawer(space, seededRandom(seed), () => NOW);
}

function drawn(syntax: CommandSyntax, count: number, seed = "s", families = 1): string[][] {
  const words = drawer(seed, families);
  return Array.from({ length: count }, () => words.draw(syntax));
}

const line = (group: Group, text: string): CommandSyntax => syntaxOf(group, text);

describe("commands of a server", () => {
  it("are read from lines: options, alternatives, and what is there several times", () => {
    const made = drawn(line("sorted-set", "ZADD key [NX|XX] (score member)..."), 500);
    for (const [name, key = "", ...rest] of made) {
      assert.equal(name, "ZADD");
      assert.match(key, /^k:\d+:/);
      const option = rest[0] === "NX" || rest[0] === "XX" ? 1 : 0;
      assert.ok((rest.length - option) % 2 === 0 && rest.length > option, rest.join(" "));
    }
    const options = made.map(([, , first]) => first);
    assert.ok(options.includes("NX") && options.includes("XX"));
    assert.ok(options.filter((word) => word === "NX" || word === "XX").length < 250);
    assert.deepEqual(line("stream", "XGROUP.CREATE key").name, ["XGROUP", "CREATE"]);
    assert.deepEqual(line("json", "JSON.GET key").name, ["JSON.GET"]);
  });

  it("have as many keys as they say, and as many ids as keys", () => {
    for (const argv of drawn(line("set", "SINTERCARD numkeys key... [LIMIT limit]"), 200)) {
      assert.equal(argv.filter((word) => /^k:\d+:/.test(word)).length, Number(argv[1]), argv.join(" "));
    }
    for (const argv of drawn(line("stream", "XREAD STREAMS key... id..."), 200)) assert.equal(argv.length % 2, 0);
    for (const argv of drawn(line("sorted-set", "ZUNION numkeys key... WEIGHTS weight..."), 200)) {
      assert.equal(argv.length, 2 + Number(argv[1]) + 1 + Number(argv[1]));
    }
  });

  it("get keys of their own type, seldom of another, and never of two families", () => {
    const made = drawn(line("list", "LMPOP numkeys key... (LEFT|RIGHT)"), 2000, "s", 4);
    const keys = made.map((argv) => argv.filter((word) => word.startsWith("k:")));
    const kinds = keys.flat().map((key) => key.split(":")[2]);
    const other = kinds.filter((kind) => kind !== "list").length / kinds.length;
    assert.ok(other > 0.01 && other < 0.08, `${other}`);
    for (const some of keys) assert.equal(new Set(some.map((key) => Number(key.split(":")[1]) % 4)).size, 1);
    assert.equal(new Set(keys.flat().map((key) => Number(key.split(":")[1]) % 4)).size, 4);
    assert.ok(keys.flat().every((key) => Number(key.split(":")[1]) < 40));
  });

  it("get bytes that are no text, numbers at the ends of what a server can hold, and points in time to come", () => {
    const values = drawn(line("string", "SET key value"), 2000).map(([, , value]) => value);
    for (const wanted of ["", "\r\n", "\0", "*1\r\n$4\r\nPING\r\n"]) assert.ok(values.includes(wanted), wanted);
    const amounts = drawn(line("string", "INCRBY key increment"), 2000).map(([, , amount]) => amount);
    assert.ok(amounts.includes("9223372036854775807") && amounts.includes("-9223372036854775808"));
    // What a server would have to allocate, or to wait for, stays small.
    for (const text of ["SETRANGE key offset value", "SRANDMEMBER key count", "BLPOP key timeout"]) {
      const numbers = drawn(line("string", text), 2000).map(([, , number]) => Number(number));
      assert.ok(
        numbers.every((number) => Math.abs(number) <= 4096),
        text,
      );
    }
    const times = drawn(line("generic", "PEXPIREAT key unix-time-milliseconds"), 200).map(([, , at]) => Number(at));
    assert.ok(times.every((at) => at > NOW && at <= NOW + 30_000));
  });

  it("are the same with the same seed, and others with another", () => {
    for (const syntax of commonSyntax) {
      assert.deepEqual(drawn(syntax, 5), drawn(syntax, 5), syntax.name.join(" "));
    }
    const [set] = commonSyntax.filter(({ name }) => name[0] === "SET");
    assert.notDeepEqual(drawn(set!, 20), drawn(set!, 20, "t"));
  });

  it("are read from COMMAND DOCS, subcommands and tokens too", () => {
    const doc = (...fields: unknown[]) => fields as never;
    const key = ["name", "key", "type", "key"];
    const reply = doc(
      "zadd",
      doc(
        ...["summary", "…", "group", "sorted-set", "arguments"],
        doc(
          key,
          [
            "name",
            "condition",
            "type",
            "oneof",
            "flags",
            ["optional"],
            "arguments",
            doc(
              ["name", "nx", "type", "pure-token", "token", "NX"],
              ["name", "xx", "type", "pure-token", "token", "XX"],
            ),
          ],
          [
            "name",
            "data",
            "type",
            "block",
            "flags",
            ["multiple"],
            "arguments",
            doc(["name", "score", "type", "double"], ["name", "member", "type", "string"]),
          ],
        ),
      ),
      "xgroup",
      doc(
        "group",
        "stream",
        "subcommands",
        doc("xgroup|destroy", doc("group", "stream", "arguments", doc(key, ["name", "group", "type", "string"]))),
      ),
      "sort",
      doc(
        "group",
        "generic",
        "arguments",
        doc(key, [
          "name",
          "get-pattern",
          "type",
          "pattern",
          "token",
          "GET",
          "flags",
          ["optional", "multiple", "multiple_token"],
        ]),
      ),
      "shutdown",
      doc("group", "server"),
    );
    const known = syntaxInDocs(reply)!;
    assert.deepEqual(
      known.map(({ name, group }) => [name.join(" "), group]),
      [
        ["ZADD", "sorted-set"],
        ["XGROUP DESTROY", "stream"],
        ["SORT", "generic"],
        ["SHUTDOWN", "other"],
      ],
    );
    assert.deepEqual(known[0]?.arguments, line("sorted-set", "ZADD key [NX|XX] (score member)...").arguments);
    for (const argv of drawn(known[2]!, 100)) {
      for (const [i, word] of argv.slice(2).entries()) if (i % 2 === 0) assert.equal(word, "GET");
    }
    assert.equal(syntaxInDocs(null), null);
  });

  it("that nobody describes get keys where COMMAND says they are", () => {
    const infos = commandInfos([
      ["mset2", -3, ["write"], 1, -1, 2],
      ["one", 2, [], 0, 0, 0],
    ] as never)!;
    assert.match(drawn(syntaxOfInfo(infos[0]!), 1)[0]?.[1] ?? "", /^k:/);
    assert.equal(drawn(syntaxOfInfo(infos[0]!), 1)[0]?.length, 3);
    assert.doesNotMatch(drawn(syntaxOfInfo(infos[1]!), 1)[0]?.[1] ?? "", /^k:/);
  });

  describe("of a load", () => {
    const known = [
      ...commonSyntax,
      { name: ["KEYS"], group: "generic", arguments: [] },
      { name: ["FLUSHALL"], group: "other", arguments: [] },
      { name: ["SHUTDOWN"], group: "other", arguments: [] },
      { name: ["MONITOR"], group: "other", arguments: [] },
    ] as const satisfies CommandSyntax[];
    const names = (wish: Parameters<typeof chooseCommands>[1]) => [
      ...new Set(chooseCommands(known, wish).drawn.map(({ syntax }) => syntax.name.join(" "))),
    ];

    it("are all that do no harm, unless others are named", () => {
      const all = names({});
      assert.ok(all.length > 150 && all.includes("ZADD") && all.includes("XGROUP CREATE"));
      for (const one of ["KEYS", "FLUSHALL", "SHUTDOWN", "MONITOR"]) assert.ok(!all.includes(one), one);
      assert.deepEqual(names({ only: ["KEYS", "FLUSHALL"] }), ["FLUSHALL", "KEYS"]);
      assert.ok(names({ weights: { FLUSHALL: 0.01 } }).includes("FLUSHALL"));
      assert.ok(names({ weights: { FLUSHALL: 0.01 } }).includes("ZADD"));
    });

    it("are chosen by name, by the name of several, and by group, and left out the same way", () => {
      assert.deepEqual(names({ only: ["XGROUP CREATE", "GET"] }), ["GET", "XGROUP CREATE"]);
      assert.equal(names({ only: ["XGROUP"] }).length, 5);
      assert.deepEqual(names({ only: ["@hyperloglog"], without: ["PFADD"] }), ["PFCOUNT", "PFMERGE"]);
      assert.ok(!names({ without: ["@stream"] }).some((name) => name.startsWith("X")));
    });

    it("are drawn as often as they are to be: the narrowest word counts, and several forms share it", () => {
      const { drawn: chosen } = chooseCommands(known, { weights: { "@list": 3, LPUSH: 7, GET: 0, ZADD: 4 } });
      const weight = (name: string) =>
        chosen.filter(({ syntax }) => syntax.name.join(" ") === name).reduce((sum, one) => sum + one.weight, 0);
      assert.deepEqual(["LPUSH", "RPUSH", "GET", "ZADD", "SET", "BZPOPMIN"].map(weight), [7, 3, 0, 4, 1, 0.1]);
    });

    it("tell what the server lacks", () => {
      assert.deepEqual(chooseCommands(known, { only: ["GET", "VADD"], weights: { "TS.ADD": 1 } }).lacks, [
        "VADD",
        "TS.ADD",
      ]);
      assert.equal(isKnown("ZADD") && isKnown("PKHSCANRANGE") && isKnown("TS.ADD") && isKnown("XGROUP CREATE"), true);
      assert.equal(isKnown("ZAD"), false);
      assert.match(whyNever("SUBSCRIBE") ?? "", /stream/);
      assert.equal(whyNever("FLUSHALL"), null);
    });
  });
});
