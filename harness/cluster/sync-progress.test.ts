import assert from "node:assert/strict";
import { SyncProgress, syncFraction } from "./sync-progress.ts";

describe("the progress of a full sync, from the log", () => {
  const files = (done: number, total = 10) => ({ done: String(done), total: String(total) });

  it("goes from start through files to restoring and done", () => {
    const sync = new SyncProgress();
    const steps = [
      sync.line("r1", "full-sync-start", {}),
      sync.line("r1", "full-sync-progress", files(3)),
      sync.line("r1", "restoring", {}),
      sync.line("r1", "full-sync-done", {}),
    ];
    assert.deepEqual(
      steps.map((step) => [step?.step, step?.done, step && syncFraction(step)]),
      [
        ["start", null, 0],
        ["progress", 3, 0.3],
        ["restoring", 3, 1],
        ["done", 3, 0.3],
      ],
    );
    assert.equal(sync.of("r1"), null);
  });

  it("never goes back when parallel fetchers log out of order", () => {
    const sync = new SyncProgress();
    sync.line("r1", "full-sync-progress", files(5));
    assert.equal(sync.line("r1", "full-sync-progress", files(4))?.done, 5);
  });

  it("counts the files that have begun where lines only name them, each once", () => {
    const sync = new SyncProgress();
    sync.line("r1", "full-sync-start", {});
    sync.line("r1", "full-sync-progress", { total: "4" });
    const begin = (file: string) => {
      const step = sync.line("r1", "full-sync-progress", { file });
      return [step?.done, step?.total];
    };
    assert.deepEqual(["a", "b", "b", "c", "d"].map(begin), [
      [0, 4],
      [1, 4],
      [1, 4],
      [2, 4],
      [3, 4],
    ]);
    sync.line("r1", "full-sync-start", {});
    assert.deepEqual(begin("d"), [0, null]);
  });

  it("begins anew with every attempt", () => {
    const sync = new SyncProgress();
    sync.line("r1", "full-sync-progress", files(5));
    assert.deepEqual(sync.line("r1", "full-sync-start", {}), { node: "r1", step: "start", done: null, total: null });
  });

  for (const [meaning, step] of [
    ["full-sync-failed", "failed"],
    ["full-sync-ended", "ended"],
  ] as const) {
    it(`is over when it ${step}, and says nothing when there was none`, () => {
      const sync = new SyncProgress();
      assert.equal(sync.line("r1", meaning, {}), null);
      sync.line("r1", "full-sync-start", {});
      assert.equal(sync.line("r1", meaning, {})?.step, step);
      assert.equal(sync.of("r1"), null);
    });
  }

  it("is over when the server is started again", () => {
    const sync = new SyncProgress();
    sync.line("r1", "full-sync-progress", files(5));
    assert.equal(sync.restarted("r1")?.step, "ended");
    assert.equal(sync.restarted("r1"), null);
  });

  it("keeps nodes apart and other lines out", () => {
    const sync = new SyncProgress();
    sync.line("r1", "full-sync-start", {});
    assert.equal(sync.of("r2"), null);
    assert.equal(sync.line("r1", "other", {}), null);
    assert.equal(sync.of("r1")?.step, "start");
  });

  it("tells no fraction when the log tells no total", () => {
    const sync = new SyncProgress();
    const step = sync.line("r1", "full-sync-progress", { bytes: "17" });
    assert.equal(step && syncFraction(step), null);
  });
});
