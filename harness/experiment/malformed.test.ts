import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { ChaosError } from "../base/chaos-error.ts";
import { registries } from "./catalogue.ts";
import { readExperiment } from "./read-experiment.ts";

/*
 * testing/malformed/<about>/*.yaml.txt: one mistake each; the last line says where and what: "# => line:column: message; hint".
 * They end in .txt because linters and editors would rightly complain about them.
 */

const folder = fileURLToPath(new URL("../testing/malformed/", import.meta.url));
const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".yaml.txt"));

describe("malformed experiments", () => {
  it("are many", () => {
    assert.ok(names.length >= 90, `${names.length} files`);
  });

  for (const name of names) {
    const file = `${folder}${name}`;
    const wanted = /# => (.*)\n$/.exec(readFileSync(file, "utf8"))?.[1]?.replaceAll("<here>", path.dirname(file));
    it(`${name.replace(".yaml.txt", "")} is refused at ${wanted?.split(" ")[0]}`, async () => {
      await assert.rejects(readExperiment(file, registries), (error) => {
        assert.ok(error instanceof ChaosError);
        assert.equal(error.code, "invalid-experiment");
        assert.equal(error.message, `${file}:${wanted}`);
        return true;
      });
    });
  }
});
