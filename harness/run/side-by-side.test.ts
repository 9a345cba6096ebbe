import assert from "node:assert/strict";
import { withResolvers } from "../base/deadline.ts";
import { type Felt, type Needs, type Place, SideBySide } from "./side-by-side.ts";

const CALM: Felt = { probeDelay: 3, controlMax: 2, starved: false };
const LATE: Felt = { probeDelay: 400, controlMax: 2, starved: false };
const LITTLE: Needs = { claims: [], alone: false, cores: 0.5, memory: 1 };

describe("runs side by side", () => {
  let now: number;
  let going: string[];
  let places: Map<string, Place>;
  let ends: Map<string, () => void>;
  let beside: SideBySide;
  const never = new AbortController().signal;

  function with_(jobs: number, cores = Number.POSITIVE_INFINITY): void {
    beside = new SideBySide({ jobs, cores, memory: 1000 }, () => now);
  }
  /** Settled at once, unless it is asked not to be. */
  function start(name: string, needs: Partial<Needs> = {}, { settles = true, signal = never } = {}): Promise<string> {
    return beside.run({ ...LITTLE, ...needs }, signal, async (place) => {
      going.push(name);
      places.set(name, place);
      const { promise, resolve } = withResolvers();
      ends.set(name, resolve);
      if (settles) place.settled();
      await promise;
      going.splice(going.indexOf(name), 1);
      return name;
    });
  }
  async function end(name: string): Promise<void> {
    ends.get(name)?.();
    await settle();
  }
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  beforeEach(() => {
    now = 0;
    going = [];
    places = new Map();
    ends = new Map();
  });

  it("are as many as there are places, first come first served", async () => {
    with_(2);
    const all = ["a", "b", "c", "d"].map((name) => start(name));
    await settle();
    assert.deepEqual(going, ["a", "b"]);
    await end("b");
    assert.deepEqual(going, ["a", "c"]);
    for (const name of ["a", "c", "d"]) await end(name);
    assert.deepEqual(await Promise.all(all), ["a", "b", "c", "d"]);
  });

  it("begin one after the other: the next one when the last has settled, or takes too long for it", async () => {
    with_(3);
    for (const name of ["a", "b", "c"]) void start(name, {}, { settles: false });
    await settle();
    assert.deepEqual(going, ["a"]);
    places.get("a")?.settled();
    await settle();
    assert.deepEqual(going, ["a", "b"]);
    now = 20_000;
    places.get("a")?.felt(CALM);
    await settle();
    assert.deepEqual(going, ["a", "b", "c"]);
  });

  it("are one fewer after a second that was not calm, never none, and one more after a calm while", async () => {
    with_(3);
    for (const name of ["a", "b", "c", "d", "e", "f", "g", "h"]) void start(name);
    await settle();
    for (const name of ["a", "b", "c"]) places.get(name)?.felt(LATE);
    now = 10_000;
    await end("a");
    assert.deepEqual(going, ["b", "c"], "the three of them told of one trouble");
    await end("b");
    assert.deepEqual(going, ["c", "d"]);
    for (; now < 60_000; now += 6_000) places.get("d")?.felt(LATE);
    await end("c");
    assert.deepEqual(going, ["d"]);
    await end("d");
    assert.deepEqual(going, ["e"], "what is on its own makes no trouble for others");
    for (; now < 130_000; now += 1000) places.get("e")?.felt(CALM);
    await settle();
    assert.deepEqual(going, ["e", "f", "g"]);
  });

  it("wait a while after trouble, also for a place that is free", async () => {
    with_(3);
    for (const name of ["a", "b"]) void start(name);
    await settle();
    places.get("a")?.felt({ ...CALM, starved: true });
    now += 1000;
    await end("b");
    void start("c");
    await settle();
    assert.deepEqual(going, ["a"]);
  });

  it("never have at the same time what is there only once, and let others pass that do not want it", async () => {
    with_(3);
    void start("a", { claims: ["disk", "port 7000"] });
    void start("b", { claims: ["port 7000"] });
    void start("c", { claims: ["port 7001"] });
    await settle();
    assert.deepEqual(going, ["a", "c"]);
    await end("a");
    assert.deepEqual(going, ["c", "b"]);
  });

  it("want no more together than the machine has; one alone may want more", async () => {
    with_(4, 2);
    void start("a", { cores: 5 });
    void start("b", { cores: 1.5 });
    void start("c", { cores: 1.5 });
    void start("d", { cores: 0.1 });
    await settle();
    assert.deepEqual(going, ["a"]);
    await end("a");
    assert.deepEqual(going, ["b"], "what is small does not overtake what is big");
    await end("b");
    assert.deepEqual(going, ["c", "d"]);
  });

  it("end before what must be alone begins, and begin when it has ended", async () => {
    with_(3);
    void start("a");
    void start("b", { alone: true });
    void start("c");
    await settle();
    assert.deepEqual(going, ["a"]);
    await end("a");
    assert.deepEqual(going, ["b"]);
    assert.equal(places.get("b")?.most, 0);
    await end("b");
    assert.deepEqual(going, ["c"]);
  });

  it("know how many others there are, and were", async () => {
    with_(3);
    const told: number[] = [];
    void start("a");
    await settle();
    const stop = places.get("a")?.watch((others) => told.push(others));
    for (const name of ["b", "c"]) void start(name);
    await settle();
    await end("b");
    stop?.();
    await end("c");
    assert.deepEqual(told, [0, 1, 2, 1]);
    assert.equal(places.get("a")?.most, 2);
  });

  it("leave the queue when nobody asks for them any more, or their user interrupts", async () => {
    with_(1);
    const gone = new AbortController();
    void start("a");
    const b = start("b", {}, { signal: gone.signal });
    void start("c");
    gone.abort(new Error("not needed"));
    await assert.rejects(b, /not needed/);
    await end("a");
    assert.deepEqual(going, ["c"]);
    await assert.rejects(start("d", {}, { signal: gone.signal }), /not needed/);
  });

  it("make room when their work fails", async () => {
    with_(1);
    await assert.rejects(
      beside.run(LITTLE, never, async () => Promise.reject(new Error("broken"))),
      /broken/,
    );
    void start("a");
    await settle();
    assert.deepEqual(going, ["a"]);
  });
});
