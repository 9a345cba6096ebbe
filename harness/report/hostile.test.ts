import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { PassThrough } from "node:stream";
import { assertJunit } from "../testing/junit-shape.support.ts";
import { HOSTILE_TEXTS, runThatSays } from "../testing/samples/hostile.support.ts";
import { githubReporter } from "./ci/github.ts";
import { ndjsonReporter } from "./ci/ndjson.ts";
import { tapReporter } from "./ci/tap.ts";
import { issueReporter } from "./issue/issue-reporter.ts";
import { fileReporters, renderAll } from "./registry.ts";
import { writeRunIndex } from "./runs/run-index.ts";
import { terminalReporter } from "./terminal/terminal.ts";

/** Characters that a terminal obeys, that XML forbids, or that show a reader another order than there is. */
const DANGEROUS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]/;
const OUR_ESCAPES = /\u001b\[(\d+(;\d+)*m|\d+A|0J)/g;
const TAGS = new Set(
  "html head meta title link style body header main footer section article h1 h2 h3 h4 p span div strong mark code pre a ul ol li dl dt dd details summary table thead tbody tr th td br script svg g rect line path text circle defs pattern clipPath marker title polygon".split(
    " ",
  ),
);

describe("hostile server text", () => {
  let reports: string;
  let directory: string;
  beforeEach(async () => {
    reports = await mkdtemp(path.join(tmpdir(), "kvchaos-hostile-"));
    directory = path.join(reports, "20250101-120000-sample-7");
    await mkdir(path.join(directory, "evidence/logs"), { recursive: true });
  });
  afterEach(() => rm(reports, { recursive: true, force: true }));
  const read = (name: string) => readFile(path.join(directory, name), "utf8");

  for (const [name, text] of Object.entries(HOSTILE_TEXTS)) {
    it(`stays text in every format: ${name}`, async () => {
      const record = runThatSays(text);
      const stamp = new Date(Date.parse("2025-01-01T12:00:00.000Z") + 31_000).toISOString();
      await writeFile(path.join(directory, "evidence/logs/r1.log"), `${stamp} ${text.replaceAll("\n", " ")}\n`);
      const written: string[] = [];
      const stream = { isTTY: true, columns: 80, write: (more: string) => written.push(more) };
      const lines: string[] = [];
      const step = path.join(directory, "step.md");
      let tap = "";
      const failures = await renderAll(record, directory, [
        ...fileReporters,
        issueReporter("zh"),
        githubReporter({ GITHUB_STEP_SUMMARY: step }, { write: (more) => lines.push(more) }),
        tapReporter({ write: (more) => (tap += more) }),
        terminalReporter(stream, { TERM: "xterm" }),
      ]);
      assert.deepEqual(failures, []);
      assertPage(await read("report.html"));
      assertPage(await readFile((await writeRunIndex(reports)) ?? "", "utf8"));
      const junit = await read("junit.xml");
      assertJunit(junit);
      assert.doesNotMatch(junit, DANGEROUS);
      assert.doesNotMatch(junit, /<!|\]\]>|<\?(?!xml version="1\.0")/);
      for (const file of ["issue.md", "issue.zh.md", "step.md"]) assertMarkdown(await read(file), file);
      assert.ok((await read("issue.md")).length <= 60_000);
      for (const line of lines) assert.match(line, /^::(error|warning) title=[^\n\r]*::[^\n\r]*\n$/);
      assert.doesNotMatch(lines.join(""), DANGEROUS);
      for (const line of tap.split("\n"))
        assert.match(line, /^(TAP version 14|1\.\.\d+|# .*|(not )?ok \d+ - .*| {2}.*|)$/);
      assert.doesNotMatch(written.join("").replace(OUR_ESCAPES, ""), DANGEROUS);
      const proof = JSON.parse(await read("result.json")).findings.at(-1).proof;
      assert.ok(proof.includes(text.slice(0, 10_000)), "data stays data in JSON");
    }).timeout(300_000);

    it(`stays text while the run goes on: ${name}`, () => {
      const record = runThatSays(text);
      const written: string[] = [];
      const stream = { isTTY: true, columns: 80, write: (more: string) => written.push(more) };
      const terminal = terminalReporter(stream, { TERM: "xterm" });
      const output = new PassThrough({ highWaterMark: 1e9 });
      const ndjson = ndjsonReporter(output);
      for (const event of record.events) {
        terminal.onEvent?.(event);
        ndjson.onEvent?.(event);
      }
      assert.doesNotMatch(written.join("").replace(OUR_ESCAPES, ""), DANGEROUS);
      const lines = String(output.read()).trimEnd().split("\n");
      assert.equal(lines.length, record.events.length);
      for (const line of lines) assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e]/);
      assert.deepEqual(JSON.parse(lines[5] ?? ""), JSON.parse(JSON.stringify(record.events[5])));
    }).timeout(300_000);
  }
});

/** Only our own tags, no handler, no style, no address but those within the run's folder. */
function assertPage(html: string): void {
  assert.doesNotMatch(html.replaceAll("\t", " "), DANGEROUS);
  const body = html.replace(/<script>.*?<\/script>/s, "").replace(/<style>.*?<\/style>/s, "");
  for (const [, name = "", attributes = ""] of body.matchAll(/<\/?([a-zA-Z!?][\w-]*)((?:"[^"]*"|'[^']*'|[^>"'])*)>/g)) {
    assert.ok(TAGS.has(name) || name === "!DOCTYPE", name);
    assert.doesNotMatch(
      attributes.replace(/"[^"]*"/g, '""'),
      /\s(on\w+|style|src|srcdoc|action|formaction|xlink:href)\s*=/i,
    );
    for (const [, address = ""] of attributes.matchAll(/\shref="([^"]*)"/g))
      assert.match(address, /^(#finding-\d+|#foreseen|#e\d+|\.\/[^:]*|[\w-]+\/report\.html|data:,)$/);
  }
  assert.ok((html.match(/<script>/g)?.length ?? 0) <= 1);
}

/** Outside of fences nothing but our own markup; and no fence is left open. */
function assertMarkdown(markdown: string, file: string): void {
  assert.doesNotMatch(markdown, DANGEROUS);
  let fence = "";
  for (const line of markdown.split("\n")) {
    const ticks = /^(`{3,})/.exec(line)?.[1];
    if (fence === "" && ticks) fence = ticks;
    else if (fence !== "" && line === fence) fence = "";
    else if (fence === "" && !/^<\/?details>(<summary>repro\.sh<\/summary>)?$/.test(line))
      assert.doesNotMatch(line, /(?<!\\)[<`]|(?<!\\)!\[|@\w|https?:\/\/|^~~~|\]\(|^::/, `${file}: ${line}`);
  }
  assert.equal(fence, "", `${file} leaves a fence open`);
}
