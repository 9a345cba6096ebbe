import assert from "node:assert/strict";
import { ChaosError } from "../../base/chaos-error.ts";
import { rounds, seedOfRound, type Trial } from "./rounds.ts";
import { series } from "./series.ts";

interface Going {
  trials: Iterable<Trial<string>>;
  /** So many runs there is time for; each takes one unit of it. */
  time?: number;
  /** Runs counted from 1: the one that fails, the one in whose middle the user interrupts, the one that cannot begin. */
  fails?: number;
  interrupted?: number;
  breaks?: number;
  untilFail?: boolean;
}

describe("the loop of a campaign", () => {
  const abc = ["a", "b", "c"];
  let ran: string[];
  beforeEach(() => {
    ran = [];
  });

  async function go({ trials, time = Number.POSITIVE_INFINITY, fails, interrupted, breaks, untilFail = false }: Going) {
    const interrupt = new AbortController();
    const run = async ({ of, round }: Trial<string>): Promise<string> => {
      ran.push(seedOfRound(of, round));
      await Promise.resolve();
      if (ran.length === interrupted) interrupt.abort();
      if (ran.length === breaks) throw new ChaosError("infrastructure", "no server image can be had");
      return ran.length === fails ? "fail" : "pass";
    };
    const campaign = { run, late: () => ran.length >= time, signal: interrupt.signal };
    const { results, end } = await series(trials, campaign, (verdict) => untilFail && verdict === "fail");
    assert.equal(results.length, ran.length, "every run has its result, in the order of the runs");
    return { ran: ran.join(" "), end };
  }

  it("runs each once, or so many times, one after the other, each round with a seed of its own", async () => {
    assert.deepEqual(await go({ trials: rounds(abc, 1) }), { ran: "a b c", end: { kind: "all" } });
    ran = [];
    assert.equal((await go({ trials: rounds(abc, 3) })).ran, "a b c a.2 b.2 c.2 a.3 b.3 c.3");
  });

  it("looks at the time before every run, also within a round, and tells for which there was none", async () => {
    const first = await go({ trials: rounds(abc, Infinity), time: 5 });
    assert.deepEqual(first, { ran: "a b c a.2 b.2", end: { kind: "late", trial: { of: "c", round: 1 } } });
    ran = [];
    const none = await go({ trials: rounds(abc, 1), time: 0 });
    assert.deepEqual(none, { ran: "", end: { kind: "late", trial: { of: "a", round: 0 } } });
  });

  it("ends at the first result that is enough, also when it is the last of all", async () => {
    const { ran: all, end } = await go({ trials: rounds(abc, Infinity), untilFail: true, fails: 5 });
    assert.deepEqual([all, end.kind], ["a b c a.2 b.2", "enough"]);
    ran = [];
    assert.equal((await go({ trials: rounds(abc, 1), untilFail: true, fails: 3 })).end.kind, "enough");
    ran = [];
    assert.deepEqual(await go({ trials: rounds(abc, 1), fails: 2 }), { ran: "a b c", end: { kind: "all" } });
  });

  it("lets a run that is interrupted come to its end, keeps its result, and begins none after it", async () => {
    const { ran: all, end } = await go({ trials: rounds(abc, Infinity), interrupted: 4 });
    assert.deepEqual([all, end.kind], ["a b c a.2", "interrupted"]);
    ran = [];
    assert.equal((await go({ trials: rounds(abc, Infinity), interrupted: 2, time: 2 })).end.kind, "interrupted");
  });

  it("ends where a run cannot even begin, with that error", async () => {
    await assert.rejects(go({ trials: rounds(abc, Infinity), breaks: 2 }), /no server image can be had/);
    assert.deepEqual(ran, ["a", "b"]);
  });

  it("asks for the next trial only when it can begin", async () => {
    const asked: number[] = [];
    function* endless(): Generator<Trial<string>> {
      for (let round = 0; ; round++) {
        asked.push(round);
        yield { of: "a", round };
      }
    }
    await go({ trials: endless(), untilFail: true, fails: 2 });
    assert.deepEqual(asked, [0, 1]);
  });

  it("ends at once where a shard has nothing to run, however often it should", async () => {
    assert.deepEqual(await go({ trials: rounds([], Infinity), untilFail: true }), { ran: "", end: { kind: "all" } });
  });

  describe("with several at the same time", () => {
    interface Later {
      resolve(verdict: string): void;
      reject(error: Error): void;
      unneeded: AbortSignal;
    }
    let open: Map<string, Later>;
    let over: AbortController;
    const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    const begun = (): string => [...open.keys()].join(" ");
    async function end(name: string, verdict: string): Promise<void> {
      open.get(name)?.resolve(verdict);
      await tick();
    }
    const begin = (names: readonly string[], jobs = 2) =>
      series(
        names,
        {
          jobs,
          signal: over.signal,
          run: (name, unneeded) =>
            new Promise<string>((resolve, reject) => {
              open.set(name, { resolve: (verdict) => resolve(`${name} ${verdict}`), reject, unneeded });
              unneeded.addEventListener("abort", () => resolve(`${name} interrupted`));
            }),
        },
        (result) => result.endsWith("fail"),
      );
    beforeEach(() => {
      open = new Map();
      over = new AbortController();
    });

    it("has its results in the order of the trials, whatever ends first", async () => {
      const all = begin(["a", "b", "c"]);
      await end("b", "pass");
      assert.equal(begun(), "a b c");
      await end("c", "pass");
      await end("a", "pass");
      assert.deepEqual(await all, { results: ["a pass", "b pass", "c pass"], end: { kind: "all" } });
    });

    it("ends at the first in their order that is enough, and gives up those behind it", async () => {
      const all = begin(["a", "b", "c", "d"], 3);
      await end("b", "fail");
      assert.equal(begun(), "a b c");
      assert.deepEqual([open.get("a")?.unneeded.aborted, open.get("c")?.unneeded.aborted], [false, true]);
      await end("a", "fail");
      assert.deepEqual(await all, { results: ["a fail"], end: { kind: "enough" } });
    });

    it("lets those before one that could not begin come to their end", async () => {
      const refused = assert.rejects(begin(["a", "b", "c"]), /no image/);
      open.get("b")?.reject(new Error("no image"));
      await tick();
      await end("a", "pass");
      await refused;
      assert.equal(begun(), "a b");
    });

    it("keeps what has ended when the user interrupts it", async () => {
      const all = begin(["a", "b", "c"]);
      over.abort();
      open.get("a")?.reject(new Error("interrupted"));
      await end("b", "interrupted");
      assert.deepEqual(await all, { results: ["b interrupted"], end: { kind: "interrupted" } });
    });
  });
});
