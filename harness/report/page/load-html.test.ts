import assert from "node:assert/strict";
import { from, lost, OK, planned, refused, served, takenAway } from "../../testing/load-fixture.support.ts";
import { HOSTILE } from "../../testing/samples/run.support.ts";
import { resultOf } from "../ci/json.ts";
import { clientsHtml, outageSentence } from "./load-html.ts";

const htmlOf = (record: Parameters<typeof clientsHtml>[0]): string => clientsHtml(record).text;

/** The text of a table's cells, row by row. */
const cells = (html: string): string[][] =>
  [...html.matchAll(/<tr>(<td>.*?)<\/tr>/g)].map(([, row = ""]) =>
    [...row.matchAll(/<td>(.*?)<\/td>/g)].map(([, cell = ""]) => cell),
  );

describe("what clients saw, in a report", () => {
  it("has a row for each load: before, outages, errors by kind and share, and the end by node", () => {
    const gone = (t: number) => (t > 15 && t <= 20 ? refused("READONLY", 30) : t === 30 ? lost(9) : { ok: 100 });
    const record = served([{ nodes: { m1: gone } }, { load: "get", nodes: { m1: OK(5) } }]);
    assert.deepEqual(cells(htmlOf(record)), [
      [
        "set",
        "100/s",
        "5.0 s at most, 6.0 s in all: 15.0 s – 20.0 s, 29.0 s – 30.0 s",
        "READONLY × 150 (3.8 %), timeout × 9 (0.2 %)",
        "m1: 400 operations served",
      ],
      ["get", "5/s", "none of a second or more", "none", "m1: 20 operations served"],
    ]);
    assert.equal(outageSentence(record), "Clients of set were not served for 5.0 s at a stretch, 6.0 s in all.");
  });

  it("has what is still wrong at the end, and says what is not known", () => {
    const refusing = served([{ nodes: { m1: from(20, refused("NOREPLICAS", 9)) } }]);
    assert.equal(cells(htmlOf(refusing))[0]?.[4], "m1: 100 % of 36 operations refused (NOREPLICAS)");
    const gone = served([{ nodes: { m1: OK() }, from: 11, to: 40 }]);
    assert.deepEqual(cells(htmlOf(gone))[0]?.slice(1), ["no warm-up", "none of a second or more", "none", "not known"]);
    const away = served([{ nodes: { m1: from(20, {}) } }], [takenAway("m1")]);
    assert.equal(cells(htmlOf(away))[0]?.[4], "not known");
    assert.equal(htmlOf(served([])), "<p>There was no load.</p>");
    assert.equal(outageSentence(served([{ nodes: { m1: OK() } }])), null);
  });

  it("says how many outages and kinds of errors it leaves out", () => {
    const on = (t: number) => (t > 12 && t % 3 === 0 ? refused(`E${t}`, 1) : { ok: 100 });
    const [row] = cells(htmlOf(served([{ nodes: { m1: on } }])));
    assert.match(row?.[2] ?? "", /1\.0 s at most, 14\.0 s in all: (14\.0 s – 15\.0 s)(, [^,]+){9}, and 4 more$/);
    assert.match(row?.[3] ?? "", /^(E\d+ × 1 \(&lt; 0\.1 %\), ){8}and 6 other kinds$/);
  });

  it("is in result.json, which has all of it", () => {
    const record = served([{ nodes: { m1: from(20, refused("NOREPLICAS", 9)) } }], [], { load: [planned("set")] });
    const [one, ...more] = resultOf(record).clients ?? [];
    assert.deepEqual(more, []);
    assert.deepEqual(one, {
      load: "set",
      before: 100,
      ok: 1000,
      failed: 306,
      unknown: 0,
      errors: [{ kind: "NOREPLICAS", count: 306, share: 306 / 1306 }],
      outages: [{ from: 20_000, to: 54_000 }],
      outageMs: 34_000,
      longestMs: 34_000,
      atEnd: [{ node: "m1", state: "refused", ok: 0, refused: 36, unknown: 0, errors: { NOREPLICAS: 36 } }],
    });
  });

  it("is data: what a server says does not come alive, and does not fill the page", () => {
    const long = `${HOSTILE}${"x".repeat(5000)}`;
    const html = htmlOf(served([{ load: HOSTILE, nodes: { [HOSTILE]: from(20, refused(long, 9)) } }]));
    assert.doesNotMatch(html, /<img|\u001b|\u202e/);
    assert.ok(html.length < 3000, `${html.length} characters`);
  });
});
