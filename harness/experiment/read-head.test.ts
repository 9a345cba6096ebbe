import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { registries } from "./catalogue.ts";
import { isExperimentName } from "./known-bugs.ts";
import { readExperiment } from "./read-experiment.ts";
import { onlyKeys, readHead } from "./read-head.ts";

const CATALOGUE = fileURLToPath(new URL("../../experiments/", import.meta.url));

describe("readHead", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "kvchaos-head-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const head = (text: string) => {
    const file = join(folder, "x.yaml");
    writeFileSync(file, text);
    return readHead(file);
  };

  it("reads of every experiment of the catalogue what readExperiment reads", async () => {
    const names = readdirSync(CATALOGUE, { recursive: true, encoding: "utf8" });
    for (const name of names.filter(isExperimentName)) {
      const found = await readHead(join(CATALOGUE, name));
      const { file, title, systems, issue, tags, images, expect } = await readExperiment(
        join(CATALOGUE, name),
        registries,
      );
      assert.deepEqual(found, { file, title, systems, issue, tags, images, expect }, name);
    }
  });

  it("looks at no other key, in whatever way the file is written", async () => {
    const rest = "load:\n- { workload: set }\n# tags: [no]\ndescription: |\n  title: no\n  tags: [no]\nfaults: 7\n";
    for (const text of [
      `title: T\ntags:\n- a\n- b\n${rest}`,
      `${rest}tags: [a,\n  b]\ntitle:\n  T\n`,
      `{ title: T, tags: [a, b], faults: 7 }`,
      `"title": T\n${rest}tags: [a, b]\n`,
      `description: &t T\ntitle: *t\ntags: [a, b]\n`,
      `\uFEFF---\r\ntitle: T\r\ntags: [a, b]\r\nfaults: 7\r\n`,
    ]) {
      const { title, tags } = await head(text);
      assert.deepEqual([title, tags], ["T", ["a", "b"]], text);
    }
  });

  it("tells mistakes where they are in the file", async () => {
    await assert.rejects(head("description: x\nfaults: []\n\ntitle: [1]\n"), /x\.yaml:4:8: expected text/);
    await assert.rejects(
      head("load: []\ntitle: T\ntitle: U\n"),
      /x\.yaml:3:1: broken YAML: the key "title" is there twice/,
    );
    await assert.rejects(head("load: []\n"), /missing key "title"/);
    await assert.rejects(head(""), /the file is empty/);
    await assert.rejects(head("- a\n"), /expected a map of keys/);
  });

  it("keeps the lines of its keys, or all", () => {
    assert.equal(onlyKeys(["b"], "a: 1\nb:\n  c\n\nd: 2\n"), "b:\n  c\n");
    assert.equal(onlyKeys(["b"], "a: 1\n? b\n: 2\n"), "a: 1\n? b\n: 2\n");
  });
});
