import assert from "node:assert/strict";
import { setTimeout as timer } from "node:timers/promises";
import { sleep, until } from "./deadline.ts";

describe("until", () => {
  const options = { what: "the harvest", within: 80, every: 10 };

  it("gives what the probe found, and takes an error for not yet", async () => {
    let asked = 0;
    const found = await until({ ...options, within: 10_000 }, () => {
      asked++;
      if (asked === 1) throw new Error("too early");
      return asked === 3 && "corn";
    });
    assert.deepEqual([found, asked], ["corn", 3]);
  });

  it("says at its deadline why not, as the last probe that was not cut off told it", async () => {
    await assert.rejects(
      until(options, () => assert.fail("it rains")),
      /^ChaosError: the harvest did not happen within 80 ms: it rains$/,
    );
    let asked = 0;
    const hangs = until(options, async () => {
      if (++asked === 1) throw new Error("it rains");
      await timer(10_000, undefined, { ref: false });
    });
    await assert.rejects(hangs, /^ChaosError: the harvest did not happen within 80 ms: it rains$/);
    await assert.rejects(
      until(options, () => timer(10_000, false as const, { ref: false })),
      /^ChaosError: the harvest did not happen within 80 ms$/,
    );
  });

  it("ends with its signal's reason", async () => {
    const reason = new Error("the field is gone");
    const stop = new AbortController();
    setTimeout(() => stop.abort(reason), 10);
    await assert.rejects(
      until({ ...options, within: 5_000, signal: stop.signal }, () => false),
      reason,
    );
    await assert.rejects(sleep(1_000, stop.signal), reason);
  });
});
