import assert from "node:assert/strict";
import { ChaosError } from "./chaos-error.ts";
import { didYouMean, formatMistakes, mistakesError, nearest, YamlSource } from "./mistakes.ts";

const mistakesOf = (text: string): string => {
  try {
    YamlSource.parse("x.yaml", text);
  } catch (error) {
    assert.ok(error instanceof ChaosError);
    assert.equal(error.code, "invalid-experiment");
    return error.message;
  }
  assert.fail("no error");
};

describe("nearest", () => {
  it("finds a name with one wrong, missing, extra or swapped letter", () => {
    const names = ["partition", "switch-master", "pause"];
    for (const typo of ["partitoin", "partitio", "partittion", "pertition", "Partition"]) {
      assert.equal(nearest(typo, names), "partition");
    }
  });

  it("prefers the closest", () => {
    assert.equal(nearest("r2", ["r1", "r12", "m2"]), "r1");
    assert.equal(nearest("latencyy", ["latencies", "latency"]), "latency");
  });

  it("finds nothing when nothing is close", () => {
    assert.equal(nearest("flush", ["pause", "kill"]), undefined);
    assert.equal(nearest("x", []), undefined);
  });

  it("lists what is valid when nothing is close", () => {
    assert.equal(didYouMean("fautls", ["faults", "load"]), 'did you mean "faults"?');
    assert.equal(didYouMean("zzzzzz", ["faults", "load"]), "valid: faults, load");
    assert.equal(didYouMean("zzzzzz", []), undefined);
  });
});

describe("mistakes", () => {
  const one = { file: "b.yaml", line: 10, column: 2, message: "late" };
  const two = { file: "b.yaml", line: 9, column: 3, message: "early", hint: "do this" };
  const three = { file: "a.yaml", line: 99, column: 1, message: "other file" };

  it("are one line each, in the order of the files' lines", () => {
    const text = formatMistakes([one, two, three]);
    assert.equal(text, "a.yaml:99:1: other file\nb.yaml:9:3: early; do this\nb.yaml:10:2: late");
  });

  it("are one error that names the files in its hint", () => {
    const error = mistakesError([one, two]);
    assert.equal(error.code, "invalid-experiment");
    assert.equal(error.hint, "Correct the 2 mistakes in b.yaml; nothing was started.");
  });
});

describe("YamlSource", () => {
  const text = [
    "# comment",
    "faults:",
    "  - fault: kill",
    "    node: m1",
    "  - {fault: pause,  for: 5s}",
    "empty:",
    "",
  ].join("\n");
  const source = YamlSource.parse("x.yaml", text);

  it("gives plain data", () => {
    const faults = [
      { fault: "kill", node: "m1" },
      { fault: "pause", for: "5s" },
    ];
    assert.deepEqual(source.value, { faults, empty: null });
  });

  it("knows line and column of values and of keys, in both styles", () => {
    assert.deepEqual(source.at(["faults", 0, "node"]), { line: 4, column: 11 });
    assert.deepEqual(source.keyAt(["faults", 0, "node"]), { line: 4, column: 5 });
    assert.deepEqual(source.at(["faults", 1, "for"]), { line: 5, column: 26 });
    assert.deepEqual(source.keyAt(["faults", 1, "for"]), { line: 5, column: 21 });
    assert.deepEqual(source.at(["faults", 1]), { line: 5, column: 5 });
  });

  it("points at the nearest parent of what is missing, and at the key of an empty value", () => {
    assert.deepEqual(source.at(["faults", 0, "when", "node"]), { line: 3, column: 5 });
    assert.deepEqual(source.at(["faults", 7]), { line: 3, column: 3 });
    assert.deepEqual(source.at(["empty"]), { line: 6, column: 1 });
    assert.deepEqual(source.at([]), { line: 2, column: 1 });
  });

  it("follows aliases and merged maps to where the words stand", () => {
    const merged = YamlSource.parse("x.yaml", "a: &a\n  k: 1\nb:\n  <<: *a\nc: *a\nd:\n  <<: [*a]\n");
    assert.deepEqual((merged.value as { b: unknown }).b, { k: 1 });
    for (const key of ["b", "c", "d"]) assert.deepEqual(merged.at([key, "k"]), { line: 2, column: 6 });
  });

  it("finds numeric keys", () => {
    const numbers = YamlSource.parse("x.yaml", "ports:\n  6379: a\n");
    assert.deepEqual(numbers.at(["ports", "6379"]), { line: 2, column: 9 });
  });

  it("takes an empty text as null", () => {
    const empty = YamlSource.parse("x.yaml", "");
    assert.equal(empty.value, null);
    assert.deepEqual(empty.at(["a"]), { line: 1, column: 1 });
  });

  it("refuses broken YAML with line and column, on one line", () => {
    for (const [broken, where] of [
      ["a: [1, 2\nb: 3\n", /^x\.yaml:2:1: broken YAML: /],
      ["a: 1\na: 2\n", /^x\.yaml:2:1: broken YAML: .*twice/],
      ["a: 1\n\tb: 2\n", /^x\.yaml:2:1: broken YAML: /],
      ["a: b: c\n", /^x\.yaml:1:4: broken YAML: /],
      ["a: 'open\n", /^x\.yaml:\d:\d+: broken YAML: /],
      ["a: *nobody\n", /^x\.yaml:1:4: broken YAML: .*nobody/],
      ["a: 1\n---\nb: 2\n", /^x\.yaml:2:1: broken YAML: /],
    ] as const) {
      const message = mistakesOf(broken);
      assert.match(message, where);
    }
  });

  it("refuses a document that explodes", () => {
    const rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"];
    for (let i = 1; i < 10; i++)
      rows.push(
        `a${i}: &a${i} [${Array(9)
          .fill(`*a${i - 1}`)
          .join(", ")}]`,
      );
    assert.match(mistakesOf(rows.join("\n")), /broken YAML: .*alias/i);
  });
});
