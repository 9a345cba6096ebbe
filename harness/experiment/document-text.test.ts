import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { parse } from "yaml";
import { documentText } from "./document-text.ts";

const EXPERIMENTS = path.join(import.meta.dirname, "../../experiments");

describe("an experiment as text", () => {
  it("has a line for each fault, load and small map", () => {
    const text = documentText(
      {
        title: "A crash",
        config: { redis: { save: "" } },
        load: [{ workload: "set", connections: 4 }],
        faults: [{ id: "die", fault: "command", at: "1s", argv: ["DEBUG", "SEGFAULT"] }],
        checks: ["no-crash"],
      },
      ["seed 7"],
    );
    assert.equal(
      text,
      `# seed 7
title: A crash
config: { redis: { save: "" } }
load:
  - { workload: set, connections: 4 }
faults:
  - { id: die, fault: command, at: 1s, argv: [ DEBUG, SEGFAULT ] }
checks: [ no-crash ]
`,
    );
  });

  it("reads back as the same, for every experiment of the catalogue", async () => {
    const files = await readdir(EXPERIMENTS, { recursive: true });
    const experiments = files.filter((file) => file.endsWith(".yaml"));
    assert.ok(experiments.length > 50);
    for (const file of experiments) {
      const document = parse(await readFile(path.join(EXPERIMENTS, file), "utf8"));
      assert.deepEqual(parse(documentText(document)), document, file);
    }
  });
});
