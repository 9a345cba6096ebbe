import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { until } from "../../base/deadline.ts";
import { skip } from "../../testing/skip.support.ts";
import { urgently } from "./urgent-thread.ts";

const policy = (): string => execFileSync("chrt", ["-p", String(process.pid)], { encoding: "utf8" });

describe("the urgent thread", function () {
  this.timeout(600_000);

  before(function () {
    try {
      execFileSync("chrt", ["-R", "-f", "-p", "1", String(process.pid)]);
      execFileSync("chrt", ["-o", "-p", "0", String(process.pid)]);
    } catch {
      skip(this, "this user may not change how a thread is scheduled"); // the achieved gaps tell then
    }
  });

  it("goes before all others while it works, and not afterwards", async () => {
    assert.match(await urgently(policy), /SCHED_FIFO/);
    await until({ what: "the usual policy", within: 60_000 }, () => policy().includes("SCHED_OTHER"));
  });

  it("stays so for the second of two storms when the first has ended, and a failure ends it too", async () => {
    const first = urgently(() => 1);
    const second = urgently(policy);
    assert.equal(await first, 1);
    assert.match(await second, /SCHED_FIFO/);
    await urgently(() => assert.fail("on purpose")).catch(() => {});
    const third = urgently(policy);
    assert.match(await third, /SCHED_FIFO/);
    await until({ what: "the usual policy", within: 60_000 }, () => policy().includes("SCHED_OTHER"));
  });
});
