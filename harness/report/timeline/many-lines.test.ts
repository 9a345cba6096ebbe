import assert from "node:assert/strict";
import { tellApart } from "./many-lines.ts";
import type { Series } from "./time-scale.ts";

const half = (value: number): number => value / 2;
const flat = (label: string, value = 1): Series => ({
  label,
  mark: "s1",
  points: Array.from({ length: 50 }, (_, i) => [i * 1000, value] as const),
});
const many = (count: number): Series[] => Array.from({ length: count }, (_, i) => flat(`r${i + 1}`, 1 + i / 1000));

describe("many lines in a chart", () => {
  it("have a name each as long as colours and dashes tell them apart", () => {
    const series = many(12);
    const { drawn, legend } = tellApart(series, half);
    assert.deepEqual(drawn, series);
    assert.deepEqual(
      legend.map(({ label }) => label),
      series.map(({ label }) => label),
    );
  });

  it("are told apart where they leave the others, the furthest first, also for a moment; all others are alike", () => {
    const short: Series = { ...flat("short"), points: [...flat("").points.slice(0, -1), [49_000, 2]] };
    const { drawn, legend } = tellApart([...many(28), flat("low", 0.2), short], half);
    assert.deepEqual(legend, [
      { label: "short", mark: "s1" },
      { label: "low", mark: "s2" },
      { label: "28 others", mark: "s-rest" },
    ]);
    assert.deepEqual(
      drawn.slice(-3).map(({ label }) => label),
      ["r28", "low", "short"],
    );
  });

  it("are one bundle where none leaves it", () => {
    assert.deepEqual(tellApart(many(30), half).legend, [{ label: "all 30, close together", mark: "s-rest" }]);
  });
});
