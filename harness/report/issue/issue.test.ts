import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Finding, JournalEvent } from "../../journal/events.ts";
import { type RunRecord, recordOf } from "../../journal/record.ts";
import { sampleLifeFinding, sampleRunWith } from "../../testing/samples/life.support.ts";
import { changingPlan, plannedRun } from "../../testing/samples/plan.support.ts";
import { sampleRun } from "../../testing/samples/run.support.ts";
import { HOSTILE } from "../../testing/samples/trouble.support.ts";
import type { Language } from "./issue-reporter.ts";
import { issueReporter } from "./issue-reporter.ts";

const EXPERIMENTS = path.join(import.meta.dirname, "../../../experiments");

const FORMS: Record<string, readonly string[]> = {
  kvrocks: [
    "### Search before asking",
    "### Version",
    "### Minimal reproduce step",
    "### What did you expect to see?",
    "### What did you see instead?",
    "### Anything Else?",
    "### Are you willing to submit a PR?",
  ],
  pika: [
    "### Is this a regression?",
    "### Description",
    "### Please provide a link to a minimal reproduction of the bug",
    "### Screenshots or videos",
    "### Please provide the version you discovered this bug in (check about page for version information)",
    "### Anything else?",
  ],
  redis: ["**Describe the bug**", "**To reproduce**", "**Expected behavior**", "**Additional information**"],
};

describe("issue.md", () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), "kvchaos-issue-"));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  async function issueOf(record: RunRecord, language: Language = "en"): Promise<string> {
    await issueReporter(language).onEnd?.(record, directory);
    return readFile(path.join(directory, language === "en" ? "issue.md" : `issue.${language}.md`), "utf8");
  }

  const changed = (record: RunRecord, change: (event: JournalEvent) => JournalEvent) =>
    recordOf(record.events.map(change));
  const on = (record: RunRecord, system: string) =>
    changed(record, (event) => (event.type === "run" ? { ...event, system } : event));

  for (const [system, headings] of Object.entries(FORMS)) {
    for (const language of ["en", "zh"] as const) {
      it(`has the headings of ${system}'s own form, in its order (${language})`, async () => {
        const issue = await issueOf(on(sampleRun(), system), language);
        const found = outside(issue).filter((line) => /^(### |\*\*[A-Z][\w ]+\*\*$)/.test(line));
        assert.deepEqual(found, headings);
      });
    }
  }

  it("takes Redis's form for crashes where a server crashed, with its log first", async () => {
    const crash: Finding = {
      ...sampleLifeFinding(),
      type: "crash",
      class: "crash-log",
      detail: { exitCode: null, signal: null, oom: false, lines: ["=== REDIS BUG REPORT START", HOSTILE] },
    };
    const issue = await issueOf(
      changed(sampleRunWith(crash), (event) =>
        event.type === "check" && event.name === "no-hang" ? { ...event, findings: [] } : event,
      ),
    );
    assert.match(issue, /^\*\*Crash report\*\*\n\n`+\n=== REDIS BUG REPORT START\n/);
    assert.match(issue, /^2\. Steps to reproduce \(if any\)$/m);
  });

  it("speaks Chinese to Pika's maintainers, with the findings' own words behind", async () => {
    const issue = await issueOf(on(sampleRunWith(sampleLifeFinding()), "pika"), "zh");
    assert.match(issue, /节点 r2：已确认的写入丢失/);
    assert.match(issue, /原文：The value v19 of zset:4 element:3 was acknowledged/);
    assert.match(issue, /这个键的经过：/);
    assert.ok(!/undefined|NaN/.test(issue));
  });

  it("carries the stand-alone script, folded, and stays below 60 KB", async () => {
    for (const [name, system] of [
      ["kvrocks/master-switch-storm.yaml", "kvrocks"],
      ["any/quickstart.yaml", "redis"],
      ["pika/flushall-under-zadd.yaml", "pika"],
    ] as const) {
      const issue = await issueOf(await plannedRun(path.join(EXPERIMENTS, name), system));
      assert.match(issue, /^<details><summary>repro\.sh<\/summary>\n\n`+bash\n#!\/usr\/bin\/env bash\n/m);
      assert.ok(Buffer.byteLength(issue) < 60_000, `${name}: ${Buffer.byteLength(issue)} bytes`);
      assert.deepEqual(
        outside(issue).filter((line) => line.startsWith("<")),
        ["<details><summary>repro.sh</summary>", "</details>"],
      );
    }
  });

  it("leaves the script to an attachment where it would be too long", async () => {
    const many = changingPlan((plan) => {
      const [first] = plan.faults;
      plan.faults = Array.from({ length: 3000 }, (_, i) => ({ ...(first ?? assert.fail()), id: `f${i}` }));
    });
    const record = await plannedRun(path.join(EXPERIMENTS, "any/quickstart.yaml"), "redis", many);
    const issue = await issueOf(record);
    assert.match(issue, /repro\.sh is too long for this ticket: it is attached/);
    assert.ok(!issue.includes("#!/usr/bin/env bash"));
    assert.ok(Buffer.byteLength(issue) <= 60_000);
  });

  it("is cut where findings alone are too long, with every fence closed", async () => {
    const proof = `${"`".repeat(12)} ${HOSTILE} `.repeat(2000);
    const long: Finding = { ...sampleLifeFinding(), proof };
    const record = changed(sampleRun(), (event) =>
      event.type === "check" && event.name === "no-hang"
        ? { ...event, findings: Array.from({ length: 19 }, () => long) }
        : event,
    );
    for (const language of ["en", "zh"] as const) {
      const issue = await issueOf(record, language);
      assert.ok(Buffer.byteLength(issue) <= 60_000, `${Buffer.byteLength(issue)} bytes`);
      assert.equal(fenceLeftOpen(issue), "");
      assert.match(issue, language === "en" ? /truncated: \d+ of \d+ characters/ : /已截断/);
    }
  });

  it("keeps what servers say inside fences, in both languages", async () => {
    for (const language of ["en", "zh"] as const) {
      const issue = await issueOf(sampleRunWith(sampleLifeFinding()), language);
      for (const line of outside(issue)) assert.ok(!/(?<!\\)<|(?<!\\)!\[|@\w|https?:\/\/|(?<!\\)`/.test(line), line);
    }
  });
});

/** The fence that a Markdown text leaves open; "" when it leaves none. */
function fenceLeftOpen(text: string): string {
  let fence = "";
  for (const line of text.split("\n")) {
    const ticks = /^(`{3,})/.exec(line)?.[1];
    if (fence === "" && ticks) fence = ticks;
    else if (fence !== "" && line === fence) fence = "";
  }
  return fence;
}

/** The lines of a Markdown text that are not inside a fence. */
function outside(text: string): string[] {
  let fence = "";
  return text.split("\n").filter((line) => {
    const ticks = /^(`{3,})/.exec(line)?.[1];
    if (fence === "" && ticks) fence = ticks;
    else if (fence !== "" && line === fence) fence = "";
    else return fence === "";
    return false;
  });
}
