import assert from "node:assert/strict";
import type { JournalEvent } from "../../journal/events.ts";
import { type RunRecord, recordOf } from "../../journal/record.ts";
import { planOf } from "../../testing/plan-fixture.support.ts";
import { sampleRun } from "../../testing/samples/run.support.ts";
import { confidence } from "../verdict-text.ts";
import { pollingText } from "./watching-text.ts";

function polled(poll: number, rates: Record<string, number>): RunRecord {
  const run = sampleRun().first("run");
  assert.ok(run);
  const probes = Object.entries(rates).flatMap(([node, sent], i) =>
    (["admin", "established"] as const).map((kind): JournalEvent => {
      const figures = { sent, answered: sent, lost: 0, latency: null, oldest: 0, silent: [], replies: {} };
      return { type: "probe", t: 1000 + i, node, kind, seconds: 2, ...figures };
    }),
  );
  return recordOf([{ ...run, plan: planOf({ watchdog: { poll } }) }, ...probes]);
}

describe("how often INFO is polled", () => {
  it("is shown as the experiment says and as it came about", () => {
    assert.equal(
      pollingText(polled(100, { m1: 20, r1: 3 })),
      "INFO polled at 10 Hz per node; asked per second: m1 10.0, r1 1.5",
    );
    assert.equal(pollingText(polled(5000, {})), "INFO polled at one every 5s per node");
  });
});

describe("how sure a finding is", () => {
  it("a lock that readers hold is more than observed, and no proof", () => {
    const hang = { why: "", silent: 8, of: 8, outlivedRecovery: true, captures: [] };
    assert.equal(confidence({ proof: null, detail: { ...hang, waits: "held-by-readers" } }), "held by readers");
    assert.equal(confidence({ proof: "a cycle" }), "proved");
    assert.equal(confidence({ proof: null }), "observed");
  });
});
