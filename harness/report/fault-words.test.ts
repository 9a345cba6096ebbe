import assert from "node:assert/strict";
import { recordOf } from "../journal/record.ts";
import type { FaultOccurrence } from "../journal/view/fault-occurrences.ts";
import { sampleRun } from "../testing/samples/run.support.ts";
import { faultsBefore, faultWords } from "./fault-words.ts";
import { summarize } from "./run-summary.ts";

describe("the faults before a finding", () => {
  const on = (id: string, fault: string, from: number): FaultOccurrence => ({
    ...{ id, fault, targets: ["r1"], from, injected: from, lifted: null, healed: null, to: null },
    ...{ outcome: "open", effect: null, detail: null, params: null },
  });

  it("are said in words, of a thread's pause whose and where", () => {
    const params = { node: "r1", thread: "bio*", before: ["Stop"], afterLock: null, callers: null, holding: null };
    const rest = { mode: null, kind: null, length: 2500, everyNth: 1, probability: 1, most: 1, seed: 7 };
    const pause = { ...on("hold", "pause-thread", 0), params: { ...params, ...rest } };
    assert.equal(faultWords(pause), "pause-thread bio* before the lock in Stop on r1");
    assert.equal(faultWords({ ...pause, params: null }), "pause-thread on r1");
  });

  it("are those that last, and the last ones of many commands", () => {
    const commands = Array.from({ length: 40 }, (_, i) => on(`command-${i + 1}`, "command", 10_000 + i * 100));
    const summary = summarize(recordOf(sampleRun().events));
    const [finding] = summary.findings;
    assert.ok(finding);
    const faults = [on("hold", "pause-thread", 9_000), ...commands];
    const ids = faultsBefore({ ...summary, faults }, { ...finding, from: 20_000 }).matchAll(/(\S+) \(/g);
    assert.deepEqual(
      [...ids].map(([, id]) => id),
      ["hold", ...[36, 37, 38, 39, 40].map((number) => `command-${number}`)],
    );
  });
});
