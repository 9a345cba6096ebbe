import assert from "node:assert/strict";
import fc from "fast-check";
import { argvOf } from "../testing/fake-server.support.ts";
import { CellValues } from "./cell-values.ts";

const textOf = (values: CellValues, number: number): string => argvOf((to) => values.write(to, number)).join("|");
const bytes = (text: string): Buffer => Buffer.from(text, "latin1");

describe("values of recorded loads", () => {
  it("name their write, whatever their size", () => {
    const size = fc.record({ min: fc.integer({ min: 1, max: 40 }), more: fc.nat(3000) });
    fc.assert(
      fc.property(size, fc.integer({ min: 1, max: 2 ** 40 }), ({ min, more }, number) => {
        const values = new CellValues("string", { min, max: min + more });
        const text = textOf(values, number);
        const least = `${number}`.length;
        assert.ok(text.length >= Math.max(min, least) && text.length <= Math.max(min + more, least));
        assert.match(text, /^\d+(:[\w-]*)?$/);
        assert.equal(values.read(bytes(text)), number);
      }),
    );
  });

  it("have all the sizes of their range", () => {
    const values = new CellValues("hash", { min: 20, max: 24 });
    const sizes = Array.from({ length: 1000 }, (_, i) => textOf(values, i + 1).length);
    for (let size = 20; size <= 24; size++) assert.ok(sizes.filter((one) => one === size).length > 100);
  });

  it("are foreign when they were cut off, mixed up or come from somewhere else", () => {
    const values = new CellValues("string", { min: 64, max: 64 });
    const text = textOf(values, 1234);
    for (const other of [
      text.slice(0, -1),
      `${text}x`,
      `5${text.slice(1)}`,
      "1234",
      "0",
      "",
      "01",
      "1e3",
      "-5",
      "9".repeat(40),
    ]) {
      assert.equal(values.read(bytes(other)), other);
    }
    for (let i = 0; i < text.length; i++) {
      const changed = `${text.slice(0, i)}~${text.slice(i + 1)}`;
      assert.equal(values.read(bytes(changed)), changed);
    }
    assert.equal(values.read(bytes("\n\u00ff")), "\\x0a\\xff");
    assert.equal(values.read(bytes("x".repeat(300))), `${"x".repeat(200)}…(300 bytes)`);
    assert.equal(values.read("OK"), "OK");
    assert.equal(values.read(null), 0);
  });

  it("are read where they lie", () => {
    const values = new CellValues("string", { min: 1, max: 90 });
    for (let number = 1; number < 300; number++) {
      const text = textOf(values, number);
      const at = number % 11;
      assert.equal(values.readAt(bytes(`${"7".repeat(at)}${text}\r\n`), at, at + text.length), number);
    }
  });

  it("of a sorted set are its scores, however a server writes them", () => {
    const values = new CellValues("zset", { min: 1, max: 1 });
    assert.deepEqual(
      ["17", "1700000", "1.7e+06", "17.000000"].map((text) => values.read(bytes(text))),
      [17, 1_700_000, 1_700_000, 17],
    );
    for (const other of ["17.5", "-3", "inf", "nan", "", "0"]) assert.equal(values.read(bytes(other)), other);
  });
});
