import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { z } from "zod";
import { registries } from "../experiment/catalogue.ts";
import { readExperiment } from "../experiment/read-experiment.ts";
import { experimentSchema, faultItem, loadItem, toolItem } from "../experiment/schema.ts";
import { parameterRows } from "../faults/parameter-rows.ts";
import { STATES } from "../journal/expectation.ts";
import { blocks, commands, kvchaosCommands, README } from "../testing/readme-commands.support.ts";
import { nameOf } from "./command.ts";
import { EXIT } from "./exit-codes.ts";
import { COMMANDS } from "./main.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const scripts: Record<string, string> = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8")).scripts;

const optionsOf = ({ options }: (typeof COMMANDS)[number]): string[] => Object.keys(options);

/** What stands in backticks outside of code blocks. */
const spans = [...README.replace(/^```[\s\S]*?^```/gm, "").matchAll(/`([^`\n]+)`/g)].map(([, text]) => text as string);
const names = (word: string): boolean => spans.some((span) => span.split(/[^\w-]+/).includes(word));

const keysOf = (schema: z.ZodType): string[] =>
  Object.keys(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }).properties ?? {});

/** Every TypeScript block of a page is a file of docs/examples. Returns how many there are. */
function assertExamples(page: string): number {
  const shown = blocks("ts", readFileSync(path.join(ROOT, page), "utf8"));
  for (const text of shown) {
    const [, file, code] = /^\/\/ (docs\/examples\/\S+)\n([\s\S]*)$/.exec(text) ?? [];
    assert.ok(file && code, text.slice(0, 60));
    assert.equal(code.trimEnd(), readFileSync(path.join(ROOT, file), "utf8").trimEnd(), `copy ${file} into ${page}`);
  }
  return shown.length;
}

/** Links and paths in backticks lead to files that are there. */
function assertPaths(page: string): void {
  const text = readFileSync(path.join(ROOT, page), "utf8");
  const folder = path.dirname(path.join(ROOT, page));
  for (const [, target] of text.matchAll(/\]\((?!https?:)([^)#]+)\)/g)) {
    assert.ok(existsSync(path.join(folder, target as string)), `${page}: no ${target}`);
  }
  for (const [, target] of text.matchAll(/`((?:harness|compose|experiments|docs|\.github)\/[\w./-]+)`/g)) {
    assert.ok(existsSync(path.join(ROOT, target as string)), `${page}: no ${target}`);
  }
}

describe("README.md", () => {
  it("shows commands that exist, with options and files that exist", () => {
    assert.ok(kvchaosCommands().length >= 10);
    for (const words of commands()) {
      const line = words.join(" ");
      if (words[0] === "npm") {
        const script = words[1] === "run" ? words[2] : words[1];
        assert.ok(script && script in scripts, `${line}: package.json has no such script`);
        continue;
      }
      assert.deepEqual(words.slice(0, 2), ["npx", "kvchaos"], `${line}: a command this test does not know`);
      const [name, ...rest] = words.slice(2);
      const command = COMMANDS.find((one) => nameOf(one) === name);
      assert.ok(command, `${line}: no such command`);
      for (const word of rest.filter((one) => one.startsWith("--"))) {
        assert.ok(optionsOf(command).includes(word.slice(2)), `${line}: no option ${word}`);
      }
      for (const word of rest.filter((one) => /^(experiments|compose)\//.test(one))) {
        assert.ok(existsSync(path.join(ROOT, word)), `${line}: no file ${word}`);
      }
    }
  });

  it("names every command with every option, and every exit code", () => {
    for (const command of COMMANDS) {
      const row = README.split("\n").find((line) => line.startsWith(`| \`${nameOf(command)}`));
      assert.ok(row, `no row for ${command.usage}`);
      for (const option of optionsOf(command)) assert.ok(row.includes(`--${option}`), `${nameOf(command)} --${option}`);
    }
    for (const code of Object.values(EXIT)) assert.match(README, new RegExp(`^\\| ${code} \\|`, "m"));
  });

  it("names every key of an experiment", () => {
    const { watchdog, preload } = experimentSchema.shape;
    const keys = [experimentSchema, faultItem, loadItem, toolItem, watchdog, preload].flatMap((schema) =>
      keysOf(schema),
    );
    assert.ok(keys.length > 45, String(keys));
    assert.deepEqual(
      keys.concat(STATES).filter((key) => !names(key)),
      [],
    );
  });

  it("names every fault with every parameter, every check and every workload", () => {
    for (const [kind, fault] of registries.faults) {
      const row = README.split("\n").find((line) => line.startsWith(`| \`${kind}\``));
      assert.ok(row, `no row for the fault ${kind}`);
      for (const { name } of parameterRows(fault)) assert.ok(row.includes(`\`${name}\``), `${kind}: ${name}`);
    }
    for (const name of registries.checks.keys()) assert.match(README, new RegExp(`^\\| \`${name}\` \\|`, "m"));
    assert.deepEqual(
      [...registries.workloads.keys()].filter((name) => !names(name)),
      [],
    );
  });

  it("shows an experiment that is valid", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "kvchaos-readme-"));
    try {
      for (const text of blocks("yaml")) {
        const file = path.join(folder, "shown.yaml");
        await writeFile(file, text.replace("../../compose", path.join(ROOT, "compose")));
        assert.equal((await readExperiment(file, registries)).faults.length, 2);
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it("shows an example as it is in docs/examples, where it is compiled and tested", () => {
    assert.equal(assertExamples("README.md"), 1);
  });

  it("has pages that teach to write one's own, each with an example as it is in docs/examples", () => {
    const taught = ["fault", "check", "workload", "system"].map((what) => `docs/write-a-${what}.md`);
    for (const page of [...taught, "docs/patterns.md"]) {
      assert.equal(assertExamples(page), taught.includes(page) ? 1 : 0, page);
      assertPaths(page);
      assert.ok(README.includes(`](${page})`), `the README does not link to ${page}`);
    }
  });

  it("has a page of patterns that names faults, checks and findings as they are", () => {
    const text = readFileSync(path.join(ROOT, "docs/patterns.md"), "utf8");
    const pattern = /^## .*\n\n(?:.*\n)*?\*\*Faults\*\*: (.*)\. \*\*Checks\*\*: (.*)\.$/gm;
    const rows = [...text.matchAll(pattern)];
    assert.equal(rows.length, text.match(/^## /gm)?.length, "each pattern says which faults and checks it uses");
    const inTicks = (list = "") => [...list.matchAll(/`([^`]+)`/g)].map(([, name]) => name as string);
    for (const [, used, judged] of rows) {
      for (const name of inTicks(used)) assert.ok(registries.faults.has(name), `no fault ${name}`);
      for (const name of inTicks(judged)) assert.ok(registries.checks.has(name), `no check ${name}`);
    }
  });

  it("links to files that are there, and its picture is small", () => {
    assertPaths("README.md");
    assert.ok(readFileSync(path.join(ROOT, "docs/report.png")).length < 200 * 1024);
  });

  it("has a page about the nights whose commands are as valid", () => {
    const lines = readFileSync(path.join(ROOT, "docs/nightly.md"), "utf8").match(/^npx kvchaos .*$/gm) ?? [];
    assert.ok(lines.length >= 3);
    for (const [, , name, ...rest] of lines.map((line) => line.split(" "))) {
      const command = COMMANDS.find((one) => nameOf(one) === name);
      assert.ok(command, name);
      for (const word of rest.filter((one) => one.startsWith("--"))) {
        assert.ok(optionsOf(command).includes(word.slice(2)), `${name}: no option ${word}`);
      }
      for (const word of rest.filter((one) => one.startsWith("experiments/"))) {
        assert.ok(existsSync(path.join(ROOT, word)), `${name}: no ${word}`);
      }
    }
  });

  it("speaks of a nightly workflow whose commands are as valid", () => {
    const workflow = parse(readFileSync(path.join(ROOT, ".github/workflows/nightly.yml"), "utf8"));
    const jobs = Object.values<{ steps: { run?: string }[] }>(workflow.jobs);
    const lines = jobs.flatMap(({ steps }) => steps.flatMap((step) => step.run ?? []));
    assert.ok(lines.length >= 3);
    for (const line of lines.filter((one) => one.includes("kvchaos.mjs"))) {
      const [node, file, name, ...rest] = line.split(" ");
      assert.deepEqual([node, file], ["node", "harness/cli/kvchaos.mjs"]);
      const command = COMMANDS.find((one) => nameOf(one) === name);
      assert.ok(command, line);
      for (const word of rest.filter((one) => one.startsWith("--"))) {
        assert.ok(optionsOf(command).includes(word.slice(2)), `${line}: no option ${word}`);
      }
    }
  });
});
