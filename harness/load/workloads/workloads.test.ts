import assert from "node:assert/strict";
import { wallClock } from "../../base/clock.ts";
import { seededRandom } from "../../base/random.ts";
import type { LoadSpec } from "../../journal/plan.ts";
import { DEADLINE_COMMANDS } from "../../journal/time-to-live.ts";
import { argvOf } from "../../testing/fake-server.support.ts";
import { workloads } from "./registry.ts";

const SPEC: LoadSpec = {
  name: "x",
  workload: "x",
  on: "masters",
  via: "link",
  connections: 1,
  pipeline: 1,
  rate: null,
  keys: 7,
  keyPrefix: "ключ:",
  value: { min: 5, max: 9 },
  elements: 4,
  timeout: 1000,
  record: false,
  wait: null,
};

function commands(name: string, count = 4000, spec: Partial<LoadSpec> = {}): string[][] {
  const next = workloads.get(name)!.source!({ ...SPEC, ...spec }, seededRandom("w"));
  return Array.from({ length: count }, () => argvOf(next));
}

function tally(values: (string | undefined)[]): Map<string | undefined, number> {
  const counts = new Map<string | undefined, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

describe("workloads", () => {
  for (const [name, { summary, talk }] of workloads) {
    it(`${name}: uses exactly its keys, and every character is one byte`, () => {
      assert.ok(summary.length > 0 && summary.length < 100, summary);
      // What talks is tested where somebody answers (dialogue.test.ts).
      if (talk) return;
      const made = commands(name);
      const prefix = Buffer.from(SPEC.keyPrefix).toString("latin1");
      const wanted = Array.from({ length: SPEC.keys }, (_, i) => prefix + i);
      const keys = made.map((argv) => argv.find((arg) => arg.startsWith(prefix))?.replace(/(?<=:\d+):.*/, ""));
      assert.deepEqual([...tally(keys).keys()].sort(), wanted);
      assert.ok(made.flat().every((arg) => /^[\u0000-\u00ff]*$/.test(arg)));
    });
  }

  it("script and multi-key: every command has keys of one group, as many as it has elements", () => {
    const prefix = Buffer.from(SPEC.keyPrefix).toString("latin1");
    for (const argv of [...commands("script"), ...commands("multi-key")]) {
      const keys = argv.filter((arg) => arg.startsWith(prefix));
      assert.equal(new Set(keys.map((key) => key.split(":")[1])).size, 1);
      const [command = ""] = argv;
      if (["EVAL", "MSET", "MGET", "DEL"].includes(command)) assert.equal(keys.length, SPEC.elements, command);
    }
  });

  it("set and get-set: give keys the deadlines that the writes' numbers say, and the others none", () => {
    const ttl = { of: { min: 5_000, max: 9_000 }, share: 0.5, by: [...DEADLINE_COMMANDS] };
    for (const name of ["set", "get-set"]) {
      const before = wallClock();
      const made = commands(name, 4000, { ttl }).filter(([command]) => command !== "GET");
      const forms = tally(made.map((argv) => (argv[0] === "SET" ? (argv[3] ?? "SET") : argv[0])));
      assert.deepEqual([...forms.keys()].sort(), ["EX", "PERSIST", "PEXPIREAT", "PX", "SET", "SETEX"]);
      assert.ok(Math.abs((forms.get("SET") ?? 0) / made.length - 0.5) < 0.05);
      for (const [command = "", , second, , last] of made) {
        const life = command === "SETEX" ? 1000 * Number(second) : Number(last);
        if (command === "PEXPIREAT") {
          assert.ok(Number(second) >= before + 4_999 && Number(second) <= wallClock() + 9_000, second);
        } else if (command === "SETEX" || last !== undefined) {
          assert.ok([5, 6, 7, 8, 9].includes(life) || (life >= 5_000 && life <= 9_000), `${command} ${life}`);
        }
      }
    }
  });

  it("values keep to their range and differ", () => {
    const values = commands("set").map((argv) => argv[2] as string);
    assert.deepEqual([...tally(values.map((value) => `${value.length}`)).keys()].sort(), ["5", "6", "7", "8", "9"]);
    assert.ok(new Set(values).size > 3000);
    const [big] = commands("set", 1, { value: { min: 3_000_000, max: 3_000_000 } });
    assert.equal(big?.[2]?.length, 3_000_000);
  });

  it("get-set: about half of each", () => {
    const gets = tally(commands("get-set").map(([command]) => command)).get("GET") ?? 0;
    assert.ok(gets > 1800 && gets < 2200);
  });

  it("zadd: random members with random scores", () => {
    const made = commands("zadd");
    assert.deepEqual(
      [...tally(made.map((argv) => argv[3])).keys()].sort(),
      [0, 1, 2, 3].map((i) => `element:${i}`),
    );
    assert.ok(made.every((argv) => Number.isInteger(Number(argv[2]))));
  });

  it("lpush: lists stay near their bound", () => {
    const lengths = new Map<string, number>();
    let longest = 0;
    for (const [command, key = "", , last] of commands("lpush", 50_000)) {
      const length = lengths.get(key) ?? 0;
      lengths.set(key, command === "LTRIM" ? Math.min(length, Number(last) + 1) : length + 1);
      longest = Math.max(longest, length + 1);
    }
    assert.ok(longest > SPEC.elements && longest < SPEC.elements + 300, `${longest}`);
  });

  it("counter: amounts of both signs, of keys and of fields", () => {
    const made = commands("counter");
    assert.deepEqual([...tally(made.map(([name]) => name)).keys()].sort(), ["DECRBY", "HINCRBY", "INCR", "INCRBY"]);
    const amounts = made.filter(([name]) => name === "HINCRBY").map((argv) => Number(argv[3]));
    assert.ok(amounts.every(Number.isInteger) && Math.min(...amounts) < -50 && Math.max(...amounts) > 50);
    const fields = tally(made.filter(([name]) => name === "HINCRBY").map((argv) => argv[2]));
    assert.deepEqual([...fields.keys()].sort(), ["field:1", "field:2", "field:3"]);
    const alone = commands("counter", 100, { elements: 1 });
    assert.ok(alone.every(([name]) => name !== "HINCRBY"));
  });

  it("set-random: adds as many members as it takes", () => {
    const made = tally(commands("set-random").map(([name]) => name));
    assert.deepEqual([...made.keys()].sort(), ["SADD", "SPOP", "SRANDMEMBER"]);
    assert.ok((made.get("SADD") ?? 0) > 1800 && (made.get("SPOP") ?? 0) > 1000);
  });

  it("hset: fields up to the number of elements", () => {
    const fields = tally(commands("hset").map((argv) => argv[2]));
    assert.equal(fields.size, SPEC.elements);
  });
});
