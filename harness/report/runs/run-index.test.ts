import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { recordOf } from "../../journal/record.ts";
import { planOf } from "../../testing/plan-fixture.support.ts";
import { type SampleOptions, sampleRun } from "../../testing/samples/run.support.ts";
import { HOSTILE } from "../../testing/samples/trouble.support.ts";
import { jsonReporter } from "../ci/json.ts";
import { htmlReporter } from "../page/html-reporter.ts";
import { summarize } from "../run-summary.ts";
import { repeatsOf } from "./repeats.ts";
import { writeRunIndex } from "./run-index.ts";
import { listRuns } from "./run-list.ts";

const FILE = "experiments/any/sample.yaml";

describe("the history of runs", () => {
  let reports: string;
  beforeEach(async () => {
    reports = await mkdtemp(path.join(tmpdir(), "kvchaos-history-"));
  });
  afterEach(() => rm(reports, { recursive: true, force: true }));

  interface Past {
    image: string;
    verdict: SampleOptions["verdict"];
    digest?: string;
    title?: string;
    /** The signature of the prediction that it is to make real. */
    confirms?: string;
  }

  /** One run's folder with its result.json, and the record that it was made of. */
  async function past(number: number, { image, verdict = "pass", digest = "sha256:1", title, confirms }: Past) {
    const images = { affected: "kv:old", fixed: "kv:new" };
    const tries = confirms && { run: "run-1", signature: confirms, node: "r1", sides: [], pause: "a pause" };
    const folder = `20250101-1200${String(number).padStart(2, "0")}-sample-${number}`;
    const record = recordOf(
      sampleRun({ verdict }).events.map((event) =>
        event.type === "run"
          ? {
              ...event,
              runId: folder,
              image,
              digest,
              startedAt: `2025-01-01T12:00:${String(number).padStart(2, "0")}.000Z`,
              title: title ?? event.title,
              plan: planOf(tries ? { images, locks: true, confirms: tries } : { images }),
            }
          : event,
      ),
    );
    const directory = path.join(reports, folder);
    await mkdir(directory);
    await jsonReporter.onEnd?.(record, directory);
    return { record, directory };
  }

  it("counts how often a run's finding came back, image by image, with the fixed one beside it", async () => {
    const runs = [];
    for (const verdict of ["fail", "pass", "fail", "inconclusive", "none"] as const)
      runs.push(await past(runs.length, { image: "kv:old", verdict }));
    for (const verdict of ["pass", "pass", "pass"] as const)
      runs.push(await past(runs.length, { image: "kv:new", verdict }));
    const { record, directory } = runs[0] as (typeof runs)[number];
    const repeats = repeatsOf(summarize(record), FILE, await listRuns(reports));
    assert.equal(repeats?.what, "hang");
    assert.deepEqual(
      repeats?.images.map(({ image, said, own, found, unknown }) => [image, said, own, found.k, found.n, unknown]),
      [
        ["kv:old", "affected", true, 2, 3, 2],
        ["kv:new", "fixed", false, 0, 3, 0],
      ],
    );
    await htmlReporter.onEnd?.(record, directory);
    const html = await readFile(path.join(directory, "report.html"), "utf8");
    assert.match(html, /<h2>How often<\/h2>\s*<p><strong>hang: 2 of 3 \(95 %: 21 % to 94 %\)<\/strong>/);
    assert.match(html, /kv:new <span class="tag">said to be fixed<\/span><\/td><td>0 of 3 \(95 %: 0 % to 56 %\)/);
    assert.ok(
      html.indexOf("See it yourself") < html.indexOf("How often") &&
        html.indexOf("How often") < html.indexOf("Time line"),
    );
  });

  it("does not mix an image with another one that has had its name", async () => {
    const { record } = await past(0, { image: "kv:old", verdict: "fail", digest: "sha256:1" });
    await past(1, { image: "kv:old", verdict: "pass", digest: "sha256:2" });
    const images = repeatsOf(summarize(record), FILE, await listRuns(reports))?.images ?? [];
    assert.deepEqual(
      images.map(({ digest, own, found }) => [digest, own, found.k, found.n]),
      [
        ["sha256:1", true, 1, 1],
        [null, false, 0, 0],
        ["sha256:2", false, 0, 1],
      ],
    );
  });

  it("does not mix runs that are to make a prediction real with those of the experiment", async () => {
    const plain = await past(0, { image: "kv:old", verdict: "pass" });
    await past(1, { image: "kv:old", verdict: "pass" });
    const tried = await past(2, { image: "kv:old", verdict: "fail", confirms: "0a1b2c3d4e5f" });
    const runs = await listRuns(reports);
    assert.equal(repeatsOf(summarize(plain.record), FILE, runs)?.images[0]?.found.n, 2);
    assert.equal(repeatsOf(summarize(tried.record), FILE, runs), null);
    await writeRunIndex(reports);
    const html = await readFile(path.join(reports, "index.html"), "utf8");
    assert.match(html, /<h1>3 runs of 1 experiment<\/h1>/);
    assert.match(html, /<h2>[^<]*: to make 0a1b2c3d4e5f real<\/h2>/);
  });

  it("says nothing of repetition where there was none", async () => {
    const { record, directory } = await past(0, { image: "kv:old", verdict: "fail" });
    await past(1, { image: "kv:old", verdict: "inconclusive" });
    assert.equal(repeatsOf(summarize(record), FILE, await listRuns(reports)), null);
    await htmlReporter.onEnd?.(record, directory);
    assert.ok(!(await readFile(path.join(directory, "report.html"), "utf8")).includes("How often"));
  });

  it("is one page made of the run folders alone: experiments, images, verdicts in order, links", async () => {
    for (const [i, verdict] of (["pass", "fail", "inconclusive", "error", "none"] as const).entries())
      await past(i, { image: "kv:old", verdict });
    const { directory, record } = await past(5, { image: "kv:new", verdict: "pass" });
    await htmlReporter.onEnd?.(record, directory);
    const night = path.join(reports, "20250102-000000-nightly-7");
    await mkdir(night);
    await writeFile(path.join(night, "index.html"), "x");
    // What is no whole run is passed over: one that is going on, one that was cut off, a file.
    await mkdir(path.join(reports, "20250103-000000-going-on-1"));
    await mkdir(path.join(reports, "20250104-000000-torn-1"));
    await writeFile(path.join(reports, "20250104-000000-torn-1", "result.json"), '{"version": 1, "ru');
    await writeFile(path.join(reports, "notes.txt"), "x");
    assert.equal(await writeRunIndex(reports), path.join(reports, "index.html"));
    const html = await readFile(path.join(reports, "index.html"), "utf8");
    assert.match(html, /<h1>6 runs of 1 experiment<\/h1>/);
    const [, trend = ""] = /kv:old.*?<td class="trend">(.*?)<\/td>/s.exec(html) ?? [];
    assert.equal(trend.replace(/<[^>]*>/g, ""), "PF?E–");
    assert.match(html, new RegExp(`<a href="\\./${path.basename(directory)}/report\\.html"`));
    assert.match(html, /1 of 2 \(95 %: 9 % to 91 %\)/);
    assert.match(html, /<a href="\.\/20250102-000000-nightly-7\/index\.html">/);
    assert.ok(!/<img|\son\w+=/.test(html));
    assert.equal(html.match(/<script/g)?.length, 1, "its filter");
    assert.match(
      html,
      /content="default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'; img-src data:;/,
    );
    const again = await writeRunIndex(reports).then(() => readFile(path.join(reports, "index.html"), "utf8"));
    assert.equal(again, html, "the same folders give the same page");
    assert.deepEqual(
      (await readdir(reports)).filter((name) => name.includes("index.html.")),
      [],
      "no draft is left",
    );
  });

  it("opens with experiment × image: the last verdict, and how many failed of those that have one", async () => {
    const verdicts = ["fail", "pass", "inconclusive"] as const;
    for (const [i, verdict] of verdicts.entries()) await past(i, { image: "apache/kv:2.9.0", verdict });
    await past(3, { image: "apache/kv:2.11.0", verdict: "error" });
    await past(4, { image: "apache/kv:2.11.0", verdict: "fail", confirms: "0a1b2c3d4e5f" });
    await writeRunIndex(reports);
    const html = await readFile(path.join(reports, "index.html"), "utf8");
    const [matrix = ""] = /<div class="matrix">.*?<\/div>\n<\/div>/s.exec(html) ?? [];
    assert.ok(html.indexOf(matrix) < html.indexOf("<section"), "before the lists");
    const text = (markup: string): string => markup.replace(/<br>/g, " ").replace(/<[^>]*>/g, "");
    const rows = [...matrix.matchAll(/<tr>(.*?)<\/tr>/g)].map(([, row = ""]) =>
      [...row.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/g)].map(([, cell = ""]) => text(cell)),
    );
    assert.deepEqual(rows, [
      // Versions in their order, not in that of their letters.
      ["any/", "kv 2.9.0", "kv 2.11.0"],
      ["sample: to make 0a1b2c3d4e5f real", "", "F 1/1"],
      ["sample", "? 1/2", "E"],
    ]);
    assert.match(matrix, /title="\? 1\/2: failed 1 of 2 on apache\/kv:2\.9\.0; last: inconclusive, 2025-01-01 12:00/);
    for (const [, id] of matrix.matchAll(/href="#(\w+)"/g)) assert.ok(html.includes(`<section id="${id}">`), id);
  });

  it("tells images of two registries apart", async () => {
    await past(0, { image: "apache/kv:1", verdict: "pass" });
    await past(1, { image: "mine/kv:1", verdict: "pass" });
    await past(2, { image: "mine/kv:2", verdict: "pass" });
    await writeRunIndex(reports);
    const html = await readFile(path.join(reports, "index.html"), "utf8");
    const heads = [...html.matchAll(/<th scope="col" title="([^"]*)">(.*?)<\/th>/g)].map(([, ...both]) => both);
    assert.deepEqual(heads, [
      ["apache/kv:1", "apache/kv:1"],
      ["mine/kv:1", "mine/kv:1"],
      ["mine/kv:2", "kv<br>2"],
    ]);
  });

  it("shows hostile names as text and links nowhere else", async () => {
    await past(0, { image: `kv:${HOSTILE}`, verdict: "fail", title: HOSTILE });
    const odd = path.join(reports, `20250105-"><script>alert(1)<\u2028script>`);
    await mkdir(odd);
    const { record } = await past(1, { image: "kv:old", verdict: "pass" });
    await jsonReporter.onEnd?.(record, odd);
    await htmlReporter.onEnd?.(record, odd);
    await writeRunIndex(reports);
    const html = await readFile(path.join(reports, "index.html"), "utf8");
    assert.ok(!/<img|<script>alert/.test(html));
    assert.equal(html.match(/<script/g)?.length, 1, "its filter");
    for (const [, href] of html.matchAll(/ href="([^"]*)"/g))
      assert.match(href ?? "", /^(data:,|#e\d+|\.\/[^:/"<>]+\/(report|index)\.html)$/);
  });

  it("is not written where there is no run", async () => {
    await mkdir(path.join(reports, "empty"));
    assert.equal(await writeRunIndex(reports), null);
    assert.equal(await writeRunIndex(path.join(reports, "nowhere")), null);
    assert.deepEqual(await readdir(reports), ["empty"]);
  });
});
