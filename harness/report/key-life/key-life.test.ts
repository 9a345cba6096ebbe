import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Finding, findingSchema } from "../../journal/finding.ts";
import { moment, sampleLifeFinding, sampleRunWith } from "../../testing/samples/life.support.ts";
import { issueReporter } from "../issue/issue-reporter.ts";
import { htmlReporter } from "../page/html-reporter.ts";
import { keyLifeOf } from "./key-life.ts";
import { keyLifeHtml } from "./key-life-html.ts";
import { lifeAxis } from "./key-life-svg.ts";
import { keyLifeLines } from "./key-life-text.ts";

const htmlOf = (finding: Finding): string => keyLifeHtml(finding, 1)?.text ?? "";

describe("a key's life", () => {
  it("has a lane for writes and one per node that read it, and a band per flush, switch, kill and fault", () => {
    const html = htmlOf(sampleLifeFinding());
    assert.deepEqual(
      [...html.matchAll(/class="lane"[^>]*>(?:<title>[^<]*<\/title>)?([^<]+)</g)].map(([, name]) => name),
      ["writes", "m1", "r2"],
    );
    for (const band of ["flush", "switch", "kill", "fault"]) assert.ok(html.includes(`band-${band}`), band);
    assert.equal(html.match(/class="life-write out-ok"/g)?.length, 2);
    assert.equal(html.match(/class="life-write out-info"/g)?.length, 1);
    assert.equal(html.match(/class="life-write out-fail"/g)?.length, 1);
    assert.equal(html.match(/class="life-final-read out-ok"/g)?.length, 2);
    assert.ok(!/NaN|Infinity|undefined/.test(html));
  });

  it("says in words, with a frame, and not by colour alone what contradicts", () => {
    const html = htmlOf(sampleLifeFinding());
    assert.equal(html.match(/ · CONTRADICTS</g)?.length, 2);
    assert.equal(html.match(/class="life-frame"/g)?.length, 2);
    assert.equal(html.match(/<tr class="marked">/g)?.length, 2);
    assert.match(html, /aria-label="[^"]*contradicting: write v19 at 36\.118 s; final read nothing at 71\.001 s"/);
    assert.match(html, /The same at 37 places: the first 2/);
  });

  it("keeps every moment in a table that needs no script, in order of time", () => {
    const html = htmlOf(sampleLifeFinding());
    const times = [...html.matchAll(/<td class="when">(\d+\.\d+) s/g)].map(([, t]) => Number(t));
    assert.equal(times.length, 14);
    assert.deepEqual(
      times,
      [...times].sort((a, b) => a - b),
    );
    assert.match(html, /<td class="when">18\.010 s – \?<\/td><td>write<\/td>.*?<td>never answered<\/td>/);
  });

  it("shows server text as text in picture, table and ticket", async () => {
    const directory = await mkdtemp(join(tmpdir(), "kvchaos-life-"));
    try {
      const record = sampleRunWith(sampleLifeFinding());
      for (const reporter of [htmlReporter, issueReporter("en")]) await reporter.onEnd?.(record, directory);
      const html = await readFile(join(directory, "report.html"), "utf8");
      assert.ok(!html.includes("<img") && !/[\u0007\u001b\u202e]/.test(html));
      assert.ok(html.includes("lost-write: a write that was acknowledged is gone."));
      const issue = await readFile(join(directory, "issue.md"), "utf8");
      assert.match(issue, /^>> +36\.118 s – 36\.120 s +write +m1 +v19 +ok {2}<- contradicts$/m);
      assert.match(issue, /^>> +71\.001 s – 71\.002 s +final read +r2 +nothing +ok {2}<- contradicts$/m);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });

  it("keeps order and overlap on its axis, and shortens long silences", () => {
    const moments = keyLifeOf(sampleLifeFinding())?.moments ?? [];
    const axis = lifeAxis(moments, 100);
    const times = [...new Set(moments.flatMap(({ from, to }) => [from, to ?? from]))].sort((a, b) => a - b);
    const places = times.map((t) => axis.x(t));
    places.forEach((x, i) => {
      if (i > 0) assert.ok(x - (places[i - 1] ?? 0) >= 20 && x - (places[i - 1] ?? 0) <= 100, `${times[i]}`);
    });
    assert.ok(axis.x(36_025) > axis.x(36_000) && axis.x(36_025) < axis.x(36_032));
    assert.equal(axis.x(0), 100);
  });

  it("of thousands of moments keeps what contradicts and what lies around it, and says so", () => {
    const many = Array.from({ length: 5000 }, (_, i) =>
      moment("read", i * 14, i * 14 + 1, { node: "m1", value: `v${i}` }),
    );
    const finding = sampleLifeFinding(many);
    const html = htmlOf(finding);
    assert.ok(html.length < 200_000, `${html.length} characters`);
    assert.match(html, /truncated: 400 of 5,014/);
    assert.equal(html.match(/class="life-frame"/g)?.length, 2);
    const lines = keyLifeLines(finding);
    assert.ok(lines.length < 30);
    assert.equal(lines.filter((line) => line.startsWith(">>")).length, 2);
    assert.match(lines.at(-1) ?? "", /truncated: 24 of 5014 moments/);
  });

  it("is left out where a finding has none, or one of a shape that this version does not know", () => {
    const none: Finding[] = [
      { ...sampleLifeFinding(), detail: undefined },
      findingSchema.parse({ ...sampleLifeFinding(), detail: { life: [] } }),
      findingSchema.parse({ ...sampleLifeFinding(), detail: { life: [{ what: "miracle" }] } }),
    ];
    for (const finding of none) {
      assert.equal(keyLifeHtml(finding, 1), null);
      assert.deepEqual(keyLifeLines(finding), []);
    }
  });
});
