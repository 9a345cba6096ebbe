import assert from "node:assert/strict";
import { event, fixture, starved } from "../../testing/record-fixture.support.ts";
import { cleanShutdown } from "./clean-shutdown.ts";

describe("clean-shutdown", () => {
  const check = (...events: Parameters<typeof fixture>[0] & {}) => cleanShutdown.check(fixture(events));
  const hang = event("shutdown", 24_100, { ended: null, exitCode: null });

  it("is green when the server ended in time, by itself or by the signal's default", () => {
    assert.equal(check(event("shutdown", 19_600, {})).valid, true);
    assert.equal(check(event("shutdown", 19_600, { exitCode: 143 })).valid, true);
  });

  it("cannot say anything when nobody was asked to stop", () => {
    assert.equal(check().valid, "unknown");
  });

  it("finds a server that does not end, with what was captured before it was killed", () => {
    const captured = event("evidence", 24_050, { reason: "shutdown-hang", files: ["evidence/r1-1/threads.txt"] });
    const { valid, findings } = check(captured, hang);
    assert.equal(valid, false);
    assert.deepEqual(findings[0]?.evidence, ["evidence/r1-1/threads.txt"]);
    assert.equal(findings[0]?.type, "shutdown-hang");
    assert.equal(findings[0]?.class, "not-ended");
    assert.match(findings[0]?.summary ?? "", /asked to stop by SIGTERM and had not ended 5s later/);
  });

  it("calls it deadlocked when the capture proves a cycle", () => {
    const captured = event("evidence", 24_050, { proof: "a waits for b; b waits for a" });
    assert.equal(check(captured, hang).findings[0]?.class, "deadlocked");
  });

  it("does not blame the server while the harness was starved", () => {
    assert.equal(check(hang, ...starved(18_000, 25_000)).valid, "unknown");
  });

  it("finds a core, whatever the exit code", () => {
    const data = { core: true };
    const left = event("evidence", 19_700, { reason: "core", summary: "core of 9.0 MB: SIGABRT in stop < main", data });
    const { findings } = check(event("shutdown", 19_600, {}), left);
    assert.deepEqual([findings[0]?.type, findings[0]?.class], ["crash", "unclean-exit"]);
    assert.match(findings[0]?.summary ?? "", /exit code 0, leaving a core of 9\.0 MB: SIGABRT in stop < main\.$/);
    const none = event("evidence", 19_700, { reason: "core", summary: "no core: …", data: { core: false } });
    assert.equal(check(event("shutdown", 19_600, {}), none).valid, true);
    const nextStop = event("shutdown", 21_000, { id: "next", asked: 20_500 });
    assert.equal(check(event("shutdown", 19_600, {}), nextStop, { ...left, t: 21_100 }).findings.length, 1);
  });

  it("finds an exit code that is not clean", () => {
    const { findings } = check(event("shutdown", 19_600, { exitCode: 134, via: "shutdown" }));
    assert.equal(findings[0]?.type, "crash");
    assert.equal(findings[0]?.class, "unclean-exit");
    assert.match(findings[0]?.summary ?? "", /by SHUTDOWN and ended with exit code 134/);
  });
});
