import assert from "node:assert/strict";
import { covered } from "../base/span.ts";
import { nodeReport } from "../testing/simulated-node.support.ts";
import type { ProbeReport } from "./observation.ts";
import { Starvation } from "./starvation.ts";

/** One report of the control, with answers [askedAt, answeredAt] and one open question. */
function reportOf(t: number, answers: [number, number][], open: number | null = null, loopDelay = 0): ProbeReport {
  const control = nodeReport({
    node: "control",
    connections: [{ number: 0, kind: "established", localPort: 1, link: "open", askedAt: open, answeredAt: null }],
    answers: answers.map(([askedAt, answeredAt]) => {
      return { number: 0, kind: "established", askedAt, answeredAt, error: null };
    }),
  });
  return { t, loopDelay, nodes: [control] };
}

describe("starvation", () => {
  const started = () => new Starvation(5000, ["control"]);

  it("takes ordinary scheduling delays of a busy machine for what they are", () => {
    const starvation = started();
    starvation.observe(reportOf(1000, [[700, 940]], 900, 400));
    assert.deepEqual(starvation.spans, []);
    assert.deepEqual(starvation.takeSecond(), { controlMax: 240, controlOldest: 100 });
  });

  it("covers the whole time of a late control answer, while it is open and afterwards", () => {
    const starvation = started();
    starvation.observe(reportOf(1000, [], 600));
    assert.deepEqual(starvation.spans, [{ from: 600, to: 1000 }]);
    starvation.observe(reportOf(1300, [[600, 1250]]));
    assert.deepEqual(starvation.spans, [{ from: 600, to: 1250 }]);
  });

  it("covers the time that the probe thread had no turn", () => {
    const starvation = started();
    starvation.observe(reportOf(3000, [], null, 1500));
    starvation.unreported(2800, 3500);
    starvation.unreported(5000, 5400);
    assert.deepEqual(starvation.spans, [{ from: 1500, to: 3500 }]);
  });

  it("calibrates its bound from the warm-up, within limits", () => {
    const bound = (took: number): number => {
      const starvation = started();
      // Before the warm-up: set-up is no measure.
      starvation.observe(reportOf(500, [[0, 240]]));
      starvation.measure();
      starvation.observe(
        reportOf(
          9000,
          Array.from({ length: 100 }, (): [number, number] => [1000, 1000 + took]),
        ),
      );
      starvation.calibrate();
      return starvation.bound;
    };
    assert.equal(bound(1), 250);
    assert.equal(bound(200), 600);
    assert.equal(bound(2000), 2500);
    const empty = started();
    empty.calibrate();
    assert.equal(empty.bound, 250);
  });

  it("ignores nodes that are not the control", () => {
    const starvation = new Starvation(5000, []);
    starvation.observe(reportOf(9000, [[1000, 8000]], 100));
    assert.deepEqual(starvation.spans, []);
    assert.deepEqual(starvation.takeSecond(), { controlMax: null, controlOldest: 0 });
  });

  it("keeps spans apart that do not touch, and measures what they cover", () => {
    const starvation = started();
    starvation.observe(reportOf(1000, [[0, 500]]));
    starvation.observe(reportOf(3000, [[2000, 2600]]));
    assert.equal(starvation.spans.length, 2);
    assert.equal(covered(starvation.spans, { from: 400, to: 2100 }), 200);
    assert.equal(covered(starvation.spans, { from: 600, to: 1900 }), 0);
  });
});
