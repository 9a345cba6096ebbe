import assert from "node:assert/strict";
import { MEASURE_WORDS, readLimitExpression } from "./limit-expression.ts";

describe("limit expressions", () => {
  it("are a measure, a comparison and a value in the measure's unit", () => {
    assert.deepEqual(readLimitExpression(" p99  <  50ms "), {
      ...{ text: "p99 < 50ms", measure: { of: "load", what: "p99" }, is: "<", than: { kind: "value", value: 50 } },
    });
    const thanOf = (text: string) => {
      const read = readLimitExpression(text);
      return "message" in read ? read.message : read.than;
    };
    assert.deepEqual(thanOf("errors<=1%"), { kind: "value", value: 0.01 });
    assert.deepEqual(thanOf("ops > 2k/s"), { kind: "value", value: 2000 });
    assert.deepEqual(thanOf("ops > 0.8 × warm-up"), { kind: "warm-up", factor: 0.8 });
    assert.deepEqual(thanOf("ops > 0.8x warm-up"), { kind: "warm-up", factor: 0.8 });
    assert.deepEqual(thanOf("replication-lag < 5MB"), { kind: "value", value: 5e6 });
    assert.deepEqual(thanOf("memory growth < 20%"), { kind: "value", value: 0.2 });
    assert.deepEqual(thanOf("memory growth < 200MiB"), { kind: "bytes", value: 200 * 1024 ** 2 });
    assert.deepEqual(thanOf("full-syncs <= 1"), { kind: "value", value: 1 });
  });

  it("know every measure with a unit, and tell at which character the mistake is", () => {
    for (const words of MEASURE_WORDS) {
      const values = ["1s", "1%", "1B", "1", "1/s"];
      assert.ok(
        values.some((value) => !("message" in readLimitExpression(`${words} < ${value}`))),
        words,
      );
    }
    const wrong = (text: string) => {
      const read = readLimitExpression(text);
      return "message" in read ? [read.offset, read.message] : null;
    };
    assert.deepEqual(wrong("admin p99 < 5"), [12, 'expected a duration, like "50ms", or "1.5 × warm-up", got "5"']);
    assert.deepEqual(wrong("errors < 0 × warm-up")?.[0], 9);
    assert.deepEqual(wrong("p99 < 0 × warm-up"), [6, 'expected more than nothing before "×"']);
    assert.equal(wrong("p99 = 5ms")?.[0], 0);
    assert.equal(wrong("full-syncs <= 1.5")?.[0], 14);
    assert.equal(wrong("ops > 1..2/s")?.[0], 6);
  });
});
