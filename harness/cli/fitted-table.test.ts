import assert from "node:assert/strict";
import { textTable } from "../base/text-table.ts";
import { fittedTable } from "./fitted-table.ts";

const rows = [
  ["EXPERIMENT", "FINDS", "TITLE"],
  ["experiments/any/quickstart.yaml", "-", "Master switches and everything else that an operator fears"],
  ["experiments/pika/flushall-idle.yaml", "hang", "One FLUSHALL"],
];

describe("a table", () => {
  it("is whole, whatever its width, where nobody says one", () => {
    assert.equal(textTable(rows)[1], `${"experiments/any/quickstart.yaml".padEnd(35)}  -      ${rows[1]?.[2]}`);
  });

  it("stays within the terminal's width, and loses the end of its last column first", () => {
    const lines = fittedTable(rows, 80);
    assert.ok(
      lines.every((line) => line.length <= 80),
      lines.join("\n"),
    );
    assert.match(lines[1] as string, /^experiments\/any\/quickstart\.yaml {6}- {6}Master switches .*…$/);
    assert.match(lines[2] as string, /flushall-idle\.yaml {2}hang {3}One FLUSHALL$/);
  });

  it("keeps the end of the path that names a row, and cuts no other column below nine letters", () => {
    const long = rows.map(([name, ...rest]) => [`experiments/${name}`, ...rest]);
    const lines = fittedTable(long, 60);
    assert.ok(
      lines.every((line) => line.length <= 60),
      lines.join("\n"),
    );
    assert.match(lines[2] as string, /^….*\/pika\/flushall-idle\.yaml {2}hang {3}One FLU/);
    assert.ok(fittedTable(long, 5).every((line) => line.length <= 36 + 2 + 5 + 2 + 9));
  });

  it("is as it was where there is room enough", () => {
    assert.deepEqual(fittedTable(rows, 200), textTable(rows));
    assert.deepEqual(fittedTable([], 80), []);
  });
});
