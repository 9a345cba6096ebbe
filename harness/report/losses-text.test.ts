import assert from "node:assert/strict";
import { recordOf } from "../journal/record.ts";
import { sampleRun } from "../testing/samples/run.support.ts";
import { resultOf } from "./ci/json.ts";
import { chinese } from "./issue/chinese.ts";
import { issueContent } from "./issue/issue-content.ts";
import { lossesText } from "./losses-text.ts";
import { headHtml } from "./page/head-html.ts";
import { summarize } from "./run-summary.ts";

describe("acknowledged writes that were lost", () => {
  const set = { load: "set", acknowledged: 1200, allowed: 30, lost: 4, excused: 4 };

  it("are told in a sentence: how many were allowed to, how many really were", () => {
    assert.equal(lossesText([]), null);
    assert.equal(lossesText([set]), "Of 1,200 acknowledged writes 30 were allowed to get lost; 4 really were.");
    const none = { ...set, allowed: 0, lost: 0, excused: 0 };
    assert.equal(lossesText([none]), "Of 1,200 acknowledged writes none was allowed to get lost; none really was.");
    const broken = { ...set, lost: 9 };
    assert.match(
      lossesText([none, broken]) ?? "",
      /^Of 2,400 .* 30 .*; 9 really were, 5 of them without being allowed to\.$/,
    );
    assert.match(lossesText([set, { ...set, lost: null, excused: null }]) ?? "", /not every load could be read/);
  });

  it("are on the report's first screen, in result.json by load, and in the ticket, in runs that passed too", () => {
    for (const verdict of ["pass", "fail"] as const) {
      const events = sampleRun({ verdict }).events.map((event) =>
        event.type === "check" ? { ...event, losses: [set] } : event,
      );
      const [first, ...others] = events.filter(({ type }) => type === "check");
      const record = recordOf(events.filter((event) => !others.includes(event)));
      assert.ok(first);
      assert.match(
        headHtml(record, summarize(record)).text,
        /1,200 acknowledged writes 30 were allowed to get lost; 4 really were/,
      );
      assert.deepEqual(resultOf(record).losses, [set]);
      assert.match(
        issueContent(record, chinese, false).findings,
        /1,200 次已确认的写入中，允许丢失 30 次，实际丢失 4 次。/,
      );
    }
    assert.equal(resultOf(sampleRun()).losses, undefined);
  });
});
