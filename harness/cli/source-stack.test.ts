import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { transformSync } from "esbuild";
import { sourceStack } from "./source-stack.ts";

describe("a stack trace", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "kvchaos-stack-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("names the source of a compiled file, and leaves others as they are", () => {
    const source = "interface Nothing {}\n\nexport function fail(): never {\n  throw new TypeError('of a test');\n}\n";
    const { code, map } = transformSync(source, { loader: "ts", sourcemap: "external", sourcefile: "../from/fail.ts" });
    const file = path.join(folder, "fail.js");
    writeFileSync(path.join(folder, "package.json"), '{ "type": "module" }');
    writeFileSync(file, code);
    writeFileSync(`${file}.map`, map);
    // In a Node of its own: the one that runs the tests names sources by itself.
    const program = `import(${JSON.stringify(pathToFileURL(file).href)}).then((it) => it.fail()).catch((error) => console.log(error.stack))`;
    const { stdout } = spawnSync(process.execPath, ["-e", program], { env: {}, encoding: "utf8" });
    const lines = sourceStack(stdout).split("\n");
    assert.equal(lines[0], "TypeError: of a test");
    assert.equal(lines[1]?.trim(), `at Module.fail (${path.resolve(folder, "../from/fail.ts")}:4:9)`);
    assert.deepEqual(lines.slice(2), stdout.split("\n").slice(2));
  });
});
