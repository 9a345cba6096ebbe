import assert from "node:assert/strict";
import { isSpoilt } from "./spoilt.ts";

describe("a run that others beside it may have spoilt", () => {
  const finding = (type: "hang" | "crash", proof: string | null) =>
    ({ type, proof }) as unknown as Parameters<typeof isSpoilt>[0]["findings"][number];

  it("is one that knows nothing, or broke", () => {
    for (const verdict of ["inconclusive", "error"] as const) {
      assert.equal(isSpoilt({ verdict, starved: false, findings: [] }), true);
    }
    for (const verdict of ["pass", "interrupted"] as const) {
      assert.equal(isSpoilt({ verdict, starved: true, findings: [] }), false);
    }
  });

  it("is a failure that nothing proves, if it was starved", () => {
    const seen = [finding("hang", null)];
    assert.equal(isSpoilt({ verdict: "fail", starved: true, findings: seen }), true);
    assert.equal(isSpoilt({ verdict: "fail", starved: false, findings: seen }), false);
    assert.equal(isSpoilt({ verdict: "fail", starved: true, findings: [...seen, finding("hang", "a cycle")] }), false);
    assert.equal(isSpoilt({ verdict: "fail", starved: true, findings: [finding("crash", null)] }), false);
  });
});
