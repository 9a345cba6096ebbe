import assert from "node:assert/strict";
import { z } from "zod";
import { durationRange } from "../../base/units.ts";
import { keyRows } from "./json-schema-rows.ts";
import { markdownTable } from "./markdown-table.ts";
import { tables } from "./tables.ts";

const rowsOf = (schema: z.ZodType): string[][] =>
  keyRows(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }));

describe("the tables of docs/", () => {
  it("say of every key what is written there, its default and its meaning", () => {
    const schema = z.strictObject({
      after: durationRange.describe("how long"),
      how: z.enum(["half", "all"]).prefault("all"),
      nodes: z.array(z.string()).prefault(["m1", "r1"]),
      count: z.int().min(1).max(9).optional(),
      again: z.union([z.literal("never"), z.boolean()]).prefault(false),
      more: z.strictObject({}).prefault({}),
    });
    assert.deepEqual(rowsOf(schema), [
      ["`after`", "duration or range", "required", "how long"],
      ["`how`", "`half`, `all`", "`all`", ""],
      ["`nodes`", "list of text", "`[m1, r1]`", ""],
      ["`count`", "1 to 9", "", ""],
      ["`again`", "`never` or `true`, `false`", "`false`", ""],
      ["`more`", "map", "", ""],
    ]);
  });

  it("keep cells apart whatever is in them", () => {
    assert.equal(
      markdownTable(
        ["a", "b"],
        [
          ["x | y", ""],
          ["two\n  lines", "z"],
        ],
      )
        .split("\n")
        .slice(2)
        .join("\n"),
      "| x \\| y | |\n| two lines | z |",
    );
  });

  it("show an option's words, whether it takes several, and its default", () => {
    const images = tables.get("command images")?.() ?? "";
    assert.match(images, /^`kvchaos images <action>`: list/);
    assert.match(images, /^\| `action` \| `list`, `pull`, `wrap` \| required \|/m);
    assert.match(images, /^\| `--add` \| text … \| \|/m);
    assert.match(tables.get("command run")?.() ?? "", /^\| `--repeat` \| number \| `1` \|/m);
    assert.doesNotMatch(tables.get("command doctor")?.() ?? "", /\|/);
  });
});
