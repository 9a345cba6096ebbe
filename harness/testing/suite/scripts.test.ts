import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const ROOT = path.join(import.meta.dirname, "../../..");
const WITH_VALUE = ["--ignore", "--jobs", "--require"];

/** As mocha itself finds them, which takes some patterns for names. */
const filesOf = createRequire(import.meta.url)("mocha/lib/cli/collect-files.cjs") as (options: object) => {
  files: string[];
  unmatchedFiles: unknown[];
};

function filesOfScript(script: string): string[] {
  const words = (script.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replace(/^'|'$/g, ""));
  const [spec, ignore]: [string[], string[]] = [[], []];
  const args = words.slice(words.indexOf("mocha") + 1);
  for (let i = 0; i < args.length; i++) {
    const word = args[i] as string;
    if (word === "--ignore") ignore.push(args[i + 1] as string);
    if (WITH_VALUE.includes(word)) i++;
    else if (!word.startsWith("--")) spec.push(word);
  }
  const found = filesOf({ spec, ignore, extension: ["ts"], file: [] });
  assert.deepEqual(found.unmatchedFiles, []);
  return found.files;
}

describe("the scripts of package.json", () => {
  it("run every file of tests, and each once", () => {
    const { scripts } = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8"));
    const [, parts = ""] = /side-by-side\.mjs (.*)$/.exec(scripts.mocha) ?? [];
    const run = parts.split(" ").flatMap((name) => filesOfScript(scripts[name]));
    const there = readdirSync(path.join(ROOT, "harness"), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".test.ts"))
      .map((name) => path.join(ROOT, "harness", name));
    assert.deepEqual(run.sort(), there.sort());
  });
});
