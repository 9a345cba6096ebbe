import assert from "node:assert/strict";
import type { Verdict } from "../journal/events.ts";
import { type Rounds, runRounds } from "./run-rounds.ts";

describe("running experiments again and again", () => {
  /** Each run takes one unit of time. @param fails the run, counted from 1, that fails */
  async function go(options: Partial<Rounds<string, never>> & { time?: number; fails?: number; stop?: number }) {
    const { time = Infinity, fails, stop, ...rest } = options;
    const interrupt = new AbortController();
    const ran: string[] = [];
    const notRun = await runRounds<string, { verdict: Verdict }>({
      experiments: ["a", "b", "c"],
      rounds: 1,
      untilFail: false,
      over: () => ran.length >= time,
      signal: interrupt.signal,
      ...(rest as object),
      run: async (experiment, round) => {
        ran.push(`${experiment}${round}`);
        if (ran.length === stop) interrupt.abort();
        return { verdict: ran.length === fails ? "fail" : "pass" };
      },
    });
    return { ran: ran.join(" "), notRun };
  }

  it("runs each once, or so many times, one after the other", async () => {
    assert.deepEqual(await go({}), { ran: "a0 b0 c0", notRun: [] });
    assert.deepEqual(await go({ rounds: 2 }), { ran: "a0 b0 c0 a1 b1 c1", notRun: [] });
  });

  it("looks at the time before every run, also within a round, and names what was never run", async () => {
    assert.deepEqual(await go({ rounds: Infinity, time: 5 }), { ran: "a0 b0 c0 a1 b1", notRun: [] });
    assert.deepEqual(await go({ rounds: Infinity, time: 2 }), { ran: "a0 b0", notRun: ["c"] });
    assert.deepEqual(await go({ rounds: Infinity, time: 0 }), { ran: "a0", notRun: ["b", "c"] });
  });

  it("ends at the first run that does not pass, where that is asked for, and at an interrupt", async () => {
    assert.equal((await go({ rounds: Infinity, untilFail: true, fails: 5 })).ran, "a0 b0 c0 a1 b1");
    assert.equal((await go({ rounds: 2, fails: 2 })).ran, "a0 b0 c0 a1 b1 c1");
    assert.equal((await go({ rounds: Infinity, stop: 4 })).ran, "a0 b0 c0 a1");
  });

  it("ends at once where a shard has nothing to run, however often it should", async () => {
    assert.deepEqual(await go({ experiments: [], rounds: Infinity, untilFail: true }), { ran: "", notRun: [] });
  });
});
