import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NightSum } from "../../run/night/merge.ts";
import { type NightEntry, OUTCOMES } from "../../run/night/record.ts";
import { assertJunit } from "../../testing/junit-shape.support.ts";
import { HOSTILE } from "../../testing/samples/run.support.ts";
import { writeNight } from "./night-files.ts";

const REASON = `r1 held ${HOSTILE}`;

function sumIn(directory: string): NightSum {
  const finding = { type: "hang", class: "deadlocked", summary: REASON };
  const entries = OUTCOMES.map((outcome, i): NightEntry => {
    const verdict = outcome === "fail" || outcome === "known-bug" ? "fail" : "pass";
    const run = { folder: `../run ${i}`, seed: "20261121", verdict, reasons: [REASON], findings: [finding] } as const;
    return {
      experiment: `experiments/any/${outcome}.yaml`,
      title: `${outcome} ${HOSTILE}`.slice(0, 200),
      issue: null,
      system: i % 2 === 0 ? "redis" : "kvrocks",
      image: "redis:7.0.15",
      expects: "pass",
      outcome,
      reasons: outcome === "pass" ? [] : [REASON],
      ms: 1500,
      runs: outcome === "skipped" || outcome === "not-run" ? [] : [{ ...run, reasons: [REASON], findings: [finding] }],
      again: null,
    };
  });
  const about = { seeds: ["20261121"], kvchaos: ["0.1.0"], startedAt: "2026-11-21T02:00:01.123Z", ms: 90_000, jobs: 3 };
  return { ...about, entries, missing: ["the runner of shard 2/3 left no nightly.json"], directory };
}

describe("the report of a night", () => {
  let directory: string;
  const read = (name: string) => readFile(join(directory, name), "utf8");
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "kvchaos-night-"));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it("is a junit.xml that CI viewers read: failures, errors and skipped ones are told apart", async () => {
    await writeNight(sumIn(directory), {});
    const xml = await read("junit.xml");
    assertJunit(xml);
    const sum = (name: string): number =>
      [...xml.matchAll(new RegExp(` ${name}="(\\d+)"`, "g"))].reduce((all, [, n]) => all + Number(n), 0);
    // Of eight outcomes: fail, not-reproduced; error, not-run and the missing runner; inconclusive, skipped.
    assert.deepEqual([sum("tests"), sum("failures"), sum("errors"), sum("skipped")], [9, 2, 3, 2]);
    assert.match(xml, /<failure [^>]*type="hang\/deadlocked"/);
    assert.match(xml, /run experiments\/any\/fail\.yaml --system redis --image redis:7\.0\.15 --seed 20261121/);
  });

  it("is one page without script or network, the gravest first, with a link to each run's own report", async () => {
    await writeNight(sumIn(directory), {});
    const html = await read("index.html");
    assert.match(html, /<h1>Night 20261121: 1 broken, 1 failed, 1 known bug not seen, 1 not run, /);
    assert.match(html, /<p>1:30 min on all runners together, up to 3 experiments at a time\.</);
    assert.match(html, /default-src 'none'/);
    assert.doesNotMatch(html, /<script|<img|(?:href|src)="(?!data:|\.\.\/)/i);
    assert.match(html, /href="\.\.\/run%20\d\/report\.html"/);
    assert.match(html, /shard 2\/3 left no nightly\.json/);
    const rows = [...html.matchAll(/<span class="tag v-[a-z]+">([^<]+)</g)].map(([, word]) => word);
    assert.deepEqual(rows.slice(0, 2).concat(rows.slice(-1)), ["broken", "failed", "passed"]);
  });

  it("is a summary in which server text is only text", async () => {
    await writeNight(sumIn(directory), {});
    const markdown = await read("summary.md");
    const prose = markdown.replace(/^(`{3,}).*?^\1$/gms, "");
    assert.ok(!/(?<!\\)<|(?<!\\)!\[|@\w|https?:\/\//.test(prose), prose);
    assert.match(markdown, /^## Night 20261121: /);
    assert.match(markdown, /^- 🛑 the runner of shard 2\/3/m);
    assert.equal(prose.match(/^\| .* \|$/gm)?.length, 1 + OUTCOMES.length);
  });

  it("goes to GitHub's step summary, too, where it still fits", async () => {
    const step = join(directory, "step.md");
    await writeFile(step, "before\n");
    await writeNight(sumIn(directory), { GITHUB_STEP_SUMMARY: step });
    assert.equal(await read("step.md"), `before\n${await read("summary.md")}\n`);
    await writeFile(step, "x".repeat(899_999));
    await writeNight(sumIn(directory), { GITHUB_STEP_SUMMARY: step });
    assert.match(
      await read("step.md"),
      /^x{899999}\n\(the night's summary does not fit here: it is in summary\.md\)\n$/,
    );
  });

  it("is short enough for a comment, however many tests there were, with every fence closed", async () => {
    const sum = sumIn(directory);
    const entries = Array.from({ length: 500 }, () => sum.entries).flat();
    await writeNight({ ...sum, entries }, {});
    const comment = await read("comment.md");
    assert.ok(Buffer.byteLength(comment) <= 60_000, `${Buffer.byteLength(comment)} bytes`);
    assert.match(comment, /\(truncated: \d+ of \d+ characters\)\n$/);
    assert.equal((comment.match(/^`{3,}/gm) ?? []).length % 2, 0);
  });
});
