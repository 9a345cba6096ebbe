import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { assertJunit } from "../../testing/junit-shape.support.ts";
import { HOSTILE, type SampleOptions, sampleRun } from "../../testing/samples/run.support.ts";
import { githubReporter } from "./github.ts";
import { jsonReporter } from "./json.ts";
import { junitReporter } from "./junit.ts";
import { committedResultSchema } from "./result-schema.ts";
import { tapReporter } from "./tap.ts";

const VERDICTS = ["pass", "fail", "inconclusive", "error", "none"] as const;

describe("reports for machines", () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "kvchaos-formats-"));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));
  const read = (name: string) => readFile(join(directory, name), "utf8");

  describe("result.json", () => {
    it("has a committed schema (else: node --import tsx harness/report/ci/result-schema.ts --write)", async () => {
      const { wanted, found } = await committedResultSchema();
      assert.deepEqual(found, wanted);
    });

    for (const verdict of VERDICTS) {
      it(`is what the committed schema says when the verdict is ${verdict}`, async () => {
        const { found } = await committedResultSchema();
        const schema = z.fromJSONSchema(found as Parameters<typeof z.fromJSONSchema>[0]);
        await jsonReporter.onEnd?.(sampleRun({ verdict }), directory);
        const result = JSON.parse(await read("result.json"));
        const parsed = schema.safeParse(result);
        assert.ok(parsed.success, parsed.error?.message);
        assert.ok(!schema.safeParse({ ...result, verdict: "good" }).success);
        assert.ok(!schema.safeParse({ ...result, findings: undefined }).success);
      });
    }
  });

  describe("junit.xml", () => {
    for (const verdict of VERDICTS) {
      it(`has the shape of Ant's and Jenkins' schemas when the verdict is ${verdict}`, async () => {
        await junitReporter.onEnd?.(sampleRun({ verdict }), directory);
        assertJunit(await read("junit.xml"));
      });
    }
  });

  describe("TAP", () => {
    async function tap(options: SampleOptions = {}): Promise<string> {
      let text = "";
      await tapReporter({ write: (more) => (text += more) }).onEnd?.(sampleRun(options), directory);
      return text;
    }

    it("has one test point per check, findings as YAML, and a plan that counts them", async () => {
      const text = await tap();
      assert.match(text, /^TAP version 14\n/);
      const points = text.match(/^(not )?ok \d+ - /gm) ?? [];
      assert.equal(Number(/^1\.\.(\d+)$/m.exec(text)?.[1]), points.length);
      assert.match(text, /^not ok 1 - no-hang\n {2}---\n/m);
      assert.match(text, /^ {4}- type: hang\/deadlocked$/m);
      assert.match(text, /^ok 2 - no-crash$/m);
      for (const line of text.split("\n"))
        assert.match(line, /^(TAP version 14|1\.\.\d+|# .*|(not )?ok \d+ - .*| {2}.*|)$/);
    });

    it("skips what is not known, and bails out when the run itself broke", async () => {
      assert.match(await tap({ verdict: "inconclusive" }), /^ok \d+ - one-master # SKIP r1 did not tell/m);
      assert.match(await tap({ verdict: "inconclusive" }), /^ok \d+ - verdict # SKIP inconclusive: /m);
      assert.match(await tap({ verdict: "error" }), /^Bail out! the image could not be had$/m);
    });
  });

  describe("GitHub", () => {
    async function github(count = 1, options: SampleOptions = {}) {
      const lines: string[] = [];
      const file = join(directory, "step.md");
      const reporter = githubReporter({ GITHUB_STEP_SUMMARY: file }, { write: (text) => lines.push(text) });
      for (let i = 0; i < count; i++) await reporter.onEnd?.(sampleRun(options), directory);
      return { summary: await read("step.md"), lines };
    }

    it("appends to the step summary and annotates each finding", async () => {
      const { summary, lines } = await github(2);
      assert.equal(summary.match(/^## ❌ fail: /gm)?.length, 2);
      assert.match(summary, /^\| no-hang \| violated \|$/m);
      assert.equal(lines.length, 4);
      assert.match(lines[0] ?? "", /^::error title=hang \(deadlocked\) on r1%3A [^\n]*::r1 did not answer[^\n]*\n$/);
    });

    it("lets server text start no command, no markup and no mention", async () => {
      const { summary, lines } = await github();
      for (const line of lines) assert.equal(line.split("\n").length, 2);
      assert.ok(!/[\u0000-\u0009\u000b-\u001f\u202e]/.test(lines.join("")));
      const prose = summary.replace(/^(`{3,}).*?^\1$/gms, "");
      assert.ok(!/(?<!\\)<|(?<!\\)!\[|@\w|https?:\/\//.test(prose), prose);
      assert.ok(summary.length > 0 && HOSTILE.length > 0);
    });

    it("writes at most nine annotations however many runs there are, and says nothing of a pass", async () => {
      assert.equal((await github(30)).lines.length, 9);
      assert.equal((await github(1, { verdict: "pass" })).lines.length, 0);
    });

    it("keeps the summary below 900 KB, with what other steps wrote before", async () => {
      await writeFile(join(directory, "step.md"), "x".repeat(899_000));
      const { summary } = await github(3);
      assert.ok(summary.length < 900_000, `${summary.length}`);
      assert.match(summary, /truncated: .* does not fit/);
    });

    it("goes to the run's folder, without annotations, where there is no GitHub", async () => {
      const lines: string[] = [];
      await githubReporter({}, { write: (text) => lines.push(text) }).onEnd?.(sampleRun(), directory);
      assert.match(await read("summary.md"), /^## ❌ fail/);
      assert.deepEqual(lines, []);
    });
  });
});
