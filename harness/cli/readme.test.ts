import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { registries } from "../experiment/catalogue.ts";
import { expectationItem } from "../experiment/expectation-item.ts";
import { loadItem, toolItem } from "../experiment/load-keys.ts";
import { readExperiment } from "../experiment/read-experiment.ts";
import { experimentSchema, faultItem } from "../experiment/schema.ts";
import { topologyKey } from "../experiment/topology-key.ts";
import { TRIGGER_STATES } from "../journal/expectation.ts";
import { FINDING_TYPES } from "../journal/finding.ts";
import { blocks, commands, kvchaosCommands, PAGES, pageText, README } from "../testing/readme-commands.support.ts";
import { nameOf } from "./command.ts";
import { pagesWithTables } from "./docs/pages.ts";
import { COMMANDS } from "./docs/tables.ts";
import { EXIT } from "./exit-codes.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const scripts: Record<string, string> = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8")).scripts;

const optionsOf = ({ options }: (typeof COMMANDS)[number]): string[] => Object.keys(options);

/** The part of a page under one heading, to the next of the same rank or a higher one. */
function section(page: string, heading: string): string {
  const [, marks = "", rest = ""] = new RegExp(`^(#+) ${heading}\\n([\\s\\S]*)`, "m").exec(page) ?? [];
  assert.ok(marks, `no heading ${heading}`);
  return rest.split(new RegExp(`^#{1,${marks.length}} `, "m"))[0] as string;
}

/** The first cell of every row of a page's tables, without backticks. */
const rowsOf = (page: string): string[][] =>
  [...page.matchAll(/^\| (.*) \|$/gm)].map(([, row]) =>
    (row as string).split(/ ?(?<!\\)\|/).map((cell) => cell.trim()),
  );

/** Fails unless a table of the page has a row for the key that says what it means, and an example uses it. */
function assertKey(page: string, key: string): void {
  const row = rowsOf(page).find(([first]) => first === `\`${key}\`` || first === `[\`${key}\`](#${key})`);
  assert.ok(row, `no row for ${key}`);
  assert.ok(row.at(-1), `${key} has no meaning: describe it in its schema`);
  assertExample(page, key);
}

function assertExample(page: string, key: string): void {
  const examples = blocks("yaml", page).join("\n").replace(/#.*/g, "");
  assert.match(examples, new RegExp(`(?<![\\w-])${key}:`), `no example of ${key}`);
}

const keysOf = (schema: z.ZodType): string[] =>
  Object.keys(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }).properties ?? {});

/** Every TypeScript block of a page is a file of docs/examples. Returns how many there are. */
function assertExamples(page: string): number {
  const shown = blocks("ts", pageText(page));
  for (const text of shown) {
    const [, file, code] = /^\/\/ (docs\/examples\/\S+)\n([\s\S]*)$/.exec(text) ?? [];
    assert.ok(file && code, text.slice(0, 60));
    assert.equal(code.trimEnd(), readFileSync(path.join(ROOT, file), "utf8").trimEnd(), `copy ${file} into ${page}`);
  }
  return shown.length;
}

/** "## `WAIT` and `min-replicas`" → "wait-and-min-replicas": how a link names a heading. */
const anchorsOf = (text: string): string[] =>
  [...text.replace(/^```[\s\S]*?^```/gm, "").matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    (heading as string)
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );

/** Links lead to files and headings that are there, paths in backticks to files. */
function assertPaths(page: string): void {
  const text = pageText(page);
  const folder = path.dirname(path.join(ROOT, page));
  for (const [, target = "", anchor] of text.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)) {
    const file = target === "" ? path.join(ROOT, page) : path.join(folder, target);
    assert.ok(existsSync(file), `${page}: no ${target}`);
    if (anchor !== undefined)
      assert.ok(anchorsOf(readFileSync(file, "utf8")).includes(anchor), `${page}: no #${anchor}`);
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
      if (words[0] === "node") {
        assert.match(line, /^node --import tsx \S+ --write$/);
        assert.ok(existsSync(path.join(ROOT, words[3] as string)), `${line}: no such program`);
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

  it("has a page of commands with every option, and every exit code", () => {
    const page = pageText("docs/commands.md");
    for (const command of COMMANDS) {
      const rows = rowsOf(section(page, nameOf(command)));
      for (const option of optionsOf(command)) {
        const row = rows.find(([first]) => first === `\`--${option}\``);
        assert.ok(row?.at(-1), `${nameOf(command)} --${option}`);
      }
    }
    for (const code of Object.values(EXIT)) {
      assert.match(page, new RegExp(`^\\| ${code} \\|`, "m"));
      assert.match(README, new RegExp(`\\b${code}: `), "the README names the exit codes too");
    }
  });

  it("has a page with every key of an experiment, its meaning and an example", () => {
    const { watchdog, preload, recovery, images, expect } = experimentSchema.shape;
    const page = pageText("docs/experiment.md");
    const schemas = [
      experimentSchema,
      loadItem,
      toolItem,
      expectationItem,
      watchdog,
      preload,
      recovery,
      images,
      expect,
      topologyKey,
      topologyKey.shape.nodes.unwrap().valueType,
    ];
    const keys = schemas.flatMap(keysOf);
    assert.ok(keys.length > 60, String(keys));
    for (const key of keys) assertKey(page, key);
    for (const name of registries.workloads.keys()) assert.match(page, new RegExp(`^\\| \`${name}\` \\|`, "m"));
  });

  it("has a page with every fault and trigger, every parameter with its meaning and an example", () => {
    const page = pageText("docs/faults.md");
    for (const key of [...keysOf(faultItem), ...keysOf(faultItem.shape.when)]) assertKey(page, key);
    for (const state of TRIGGER_STATES) assert.ok(section(page, "Triggers").includes(`\`${state}\``), state);
    for (const [kind, fault] of registries.faults) {
      const own = section(page, kind);
      for (const key of fault.parameters.names) {
        assertKey(own, key);
      }
    }
  });

  it("has a page with every check and every type of finding", () => {
    const page = pageText("docs/checks.md");
    for (const name of registries.checks.keys()) assert.match(page, new RegExp(`^\\| \\[?\`${name}\``, "m"));
    for (const type of FINDING_TYPES) {
      const [, by = ""] = rowsOf(section(page, "Findings")).find(([first]) => first === `\`${type}\``) ?? [];
      const names = [...by.matchAll(/`([^`]+)`/g)].map(([, name]) => name as string);
      assert.ok(names.length > 0, `no row for ${type}`);
      for (const name of names) assert.ok(registries.checks.has(name), `${type}: no check ${name}`);
    }
  });

  it("has tables as zod and yargs know it (else: node --import tsx harness/cli/docs/pages.ts --write)", () => {
    for (const { file, found, text } of pagesWithTables()) assert.equal(found, text, file);
  });

  it("shows experiments that are valid, whole ones and parts of one", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "kvchaos-readme-"));
    const file = path.join(folder, "shown.yaml");
    const narrow = { id: "narrow", fault: "bandwidth", at: "1s", links: ["r1 -> m1"], rate: "1MB", for: "10s" };
    const cluster = { masters: 1, replicas: 2 };
    const whole = { title: "A part", cluster, load: [{ workload: "set" }], faults: [narrow] };
    try {
      for (const [page, text] of PAGES) {
        for (const block of blocks("yaml", text)) {
          const shown = parse(block);
          // A fault of a page that teaches to write one is not there.
          if (JSON.stringify(shown)?.includes("drop-replicas")) continue;
          const complete = shown?.title ? block : stringify({ ...whole, ...shown });
          await writeFile(file, complete.replace("../../compose", path.join(ROOT, "compose")));
          await assert.doesNotReject(readExperiment(file, registries), `${page}:\n${block}`);
        }
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it("shows examples as they are in docs/examples, where they are compiled and tested", () => {
    assert.deepEqual(
      [...PAGES.keys()].filter((page) => assertExamples(page) > 0),
      ["check", "fault", "system", "workload"].map((what) => `docs/write-a-${what}.md`),
    );
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

  it("has links to files and headings that are there, as every page has, and its picture is small", () => {
    for (const page of PAGES.keys()) assertPaths(page);
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
