import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Script } from "node:vm";
import { recordOf } from "../../journal/record.ts";
import { sampleRun } from "../../testing/samples/run.support.ts";
import { PAGE_SCRIPT } from "../html/page.ts";
import { htmlReporter } from "./html-reporter.ts";
import { fitted } from "./page-budget.ts";

describe("the size of report.html", () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), "kvchaos-fit-"));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it("takes as much evidence as leaves the page below 2 MB", async () => {
    const tried: number[] = [];
    const page = await fitted(directory, async ({ evidence, parts }) => {
      tried.push(evidence);
      assert.equal(parts, Number.POSITIVE_INFINITY);
      return "x".repeat(evidence * 4);
    });
    assert.equal(page.length, 1_000_000);
    assert.deepEqual(tried, [700_000, 250_000]);
  });

  it("keeps a page above 2 MB whole when it is no evidence that makes it long, up to 20 MB", async () => {
    const page = await fitted(directory, async ({ parts }) =>
      parts === Number.POSITIVE_INFINITY ? "x".repeat(5e6) : "cut",
    );
    assert.equal(page.length, 5e6);
  });

  it("leaves sections out above 20 MB, visibly, and names the whole evidence by its hash", async () => {
    const journal = '{"t":0,"type":"run"}\n';
    await writeFile(path.join(directory, "journal.jsonl"), journal);
    const huge = recordOf(
      sampleRun().events.map((event) =>
        event.type === "check"
          ? { ...event, valid: "unknown" as const, why: "long ".repeat(600_000), findings: [] }
          : event,
      ),
    );
    await htmlReporter.onEnd?.(huge, directory);
    const html = await readFile(path.join(directory, "report.html"), "utf8");
    assert.ok(html.length < 20e6, `${html.length} characters`);
    assert.match(html, /truncated: \d+ of \d+ sections; result\.json has all/);
    assert.match(html, /See it yourself/);
    assert.ok(html.includes(`${journal.length} bytes, SHA-256 ${createHash("sha256").update(journal).digest("hex")}`));
  }).timeout(120_000);

  it("carries a script that is JavaScript and cannot end its own element", () => {
    new Script(PAGE_SCRIPT);
    assert.ok(!/<\/script|<!--/i.test(PAGE_SCRIPT));
    assert.ok(
      !/innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|fetch\(|XMLHttpRequest/.test(PAGE_SCRIPT),
    );
  });
});
