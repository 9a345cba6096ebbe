import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ChaosError } from "../base/chaos-error.ts";
import { registries } from "./catalogue.ts";
import { loadExperiment } from "./load.ts";

/*
 * malformed/*.yaml.txt: one mistake each; the last line says where and what: "# => line:column: message; hint".
 * They end in .txt because linters and editors would rightly complain about them.
 */

const folder = fileURLToPath(new URL("malformed/", import.meta.url));
const names = readdirSync(folder).filter((name) => name.endsWith(".yaml.txt"));

describe("malformed experiments", () => {
  it("are many", () => {
    assert.ok(names.length >= 90, `${names.length} files`);
  });

  for (const name of names) {
    const file = `${folder}${name}`;
    const wanted = /# => (.*)\n$/.exec(readFileSync(file, "utf8"))?.[1]?.replaceAll("<here>", folder.slice(0, -1));
    it(`${name.replace(".yaml.txt", "")} is refused at ${wanted?.split(" ")[0]}`, async () => {
      await assert.rejects(loadExperiment(file, registries), (error) => {
        assert.ok(error instanceof ChaosError);
        assert.equal(error.code, "invalid-experiment");
        assert.equal(error.message, `${file}:${wanted}`);
        return true;
      });
    });
  }
});
