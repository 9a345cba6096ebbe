import assert from "node:assert/strict";
import { seededRandom } from "../../base/random.ts";
import { type Hypotheses, judged, runsToDecide } from "./sequential-test.ts";

const HYPOTHESES: Hypotheses = { rare: 0.1, often: 0.7, falseFailing: 0.05, falsePassing: 0.05 };

/** The share of many candidates of this rate that are taken for `answer`, and the mean number of runs. */
function share(rate: number, answer: "fails" | "passes", hypotheses: Hypotheses) {
  const random = seededRandom(`rate/${rate}`);
  const CANDIDATES = 20_000;
  let [answered, runs] = [0, 0];
  for (let i = 0; i < CANDIDATES; i++) {
    const counted = { failed: 0, passed: 0 };
    let verdict = judged(counted, hypotheses);
    for (; verdict === null; verdict = judged(counted, hypotheses)) {
      runs++;
      if (random.next() < rate) counted.failed++;
      else counted.passed++;
    }
    if (verdict === answer) answered++;
  }
  return { share: answered / CANDIDATES, runs: runs / CANDIDATES };
}

describe("the sequential test", () => {
  for (const [often, rare] of [
    [0.7, 0.1],
    [0.3, 0.3 / 7],
  ] as const) {
    for (const mistakes of [0.05, 0.01]) {
      it(`keeps to its chances of a mistake: ${often} against ${rare.toFixed(2)}, ${mistakes} each`, () => {
        const hypotheses = { rare, often, falseFailing: mistakes, falsePassing: mistakes };
        const most = mistakes / (1 - mistakes);
        assert.ok(share(rare, "fails", hypotheses).share <= most);
        assert.ok(share(often, "passes", hypotheses).share <= most);
        assert.ok(share(0, "fails", hypotheses).share === 0);
        assert.ok(share(1, "passes", hypotheses).share === 0);
      });
    }
  }

  it("needs two or three runs of what always or never fails", () => {
    assert.equal(share(1, "fails", HYPOTHESES).runs, 2);
    assert.equal(share(0, "passes", HYPOTHESES).runs, 3);
  });

  it("knows how many further runs can decide", () => {
    assert.equal(runsToDecide({ failed: 0, passed: 0 }, HYPOTHESES), 2);
    assert.equal(runsToDecide({ failed: 1, passed: 0 }, HYPOTHESES), 1);
  });
});
