import assert from "node:assert/strict";
import { until } from "../../base/deadline.ts";
import { type Reply, RespError } from "../../resp/reply.ts";
import { FakeServer } from "../../testing/fake-server.support.ts";
import { compareDatasets } from "./compare.ts";

describe("comparing two servers that misbehave", () => {
  let master: FakeServer;
  let replica: FakeServer;
  let stop: AbortController;

  beforeEach(async () => {
    [master, replica] = await Promise.all([FakeServer.start(), FakeServer.start()]);
    stop = new AbortController();
    serve(master, { a: "1", b: "2" });
    serve(replica, { a: "1", b: "2" });
  });
  afterEach(() => Promise.all([master.stop(), replica.stop()]));

  /** Strings only; SCAN gives one key per call. */
  function serve(server: FakeServer, data: Record<string, string>): void {
    const keys = Object.keys(data);
    const bulk = (text: string) => Buffer.from(text);
    const value = (argv: Buffer[]) => data[String(argv[1])];
    server.on("SCAN", (argv): Reply => {
      const at = Number(argv[1]);
      const key = keys[at];
      return [bulk(String(at + 1 < keys.length ? at + 1 : 0)), key === undefined ? [] : [bulk(key)]];
    });
    server.on("TYPE", (argv) => (value(argv) === undefined ? "none" : "string"));
    server.on("PTTL", (argv) => (value(argv) === undefined ? -2 : -1));
    server.on("EXISTS", (argv) => (value(argv) === undefined ? 0 : 1));
    server.on("GETRANGE", (argv) => bulk((value(argv) ?? "").slice(Number(argv[2]), Number(argv[3]) + 1)));
  }
  const compare = (within = 20_000, movedSlots: number[] = []) =>
    compareDatasets({ master, replica, masterName: "m1", replicaName: "r1", movedSlots, within, signal: stop.signal });

  it("is complete and equal when they are", async () => {
    const result = await compare();
    assert.deepEqual([result.complete, result.different, result.masterKeys, result.replicaKeys], [true, 0, 2, 2]);
  });

  it("is not complete when a server answers with an error, and says which and what", async () => {
    replica.on("TYPE", () => new RespError("LOADING Redis is loading the dataset in memory"));
    const result = await compare();
    assert.equal(result.complete, false);
    assert.match(result.why ?? "", /r1 answered TYPE with: LOADING Redis is loading/);
  });

  it("leaves out keys whose slot the experiment has moved, and no others that are redirected", async () => {
    const elsewhere = (argv: Buffer[]): Reply =>
      String(argv[1]) === "b" ? new RespError("MOVED 3300 10.0.0.9:6666") : "string";
    master.on("TYPE", elsewhere);
    master.on("EXISTS", (argv) => (String(argv[1]) === "b" ? new RespError("MOVED 3300 10.0.0.9:6666") : 1));
    const result = await compare(20_000, [3300]);
    assert.deepEqual([result.complete, result.different, result.moved], [true, 0, 1]);
    const unmoved = await compare(20_000, [3301]);
    assert.deepEqual([unmoved.complete, unmoved.moved, unmoved.notComparable], [false, undefined, 1]);
    assert.match(unmoved.why ?? "", /^1 key could not be compared \(first: b: m1 answered TYPE with: MOVED 3300/);
  });

  it("is not complete when a server falls silent, within its deadline", async () => {
    replica.on("GETRANGE", () => ({ do: "never" }));
    const result = await compare(1000);
    assert.equal(result.complete, false);
    assert.match(result.why ?? "", /time was up/);
  });

  it("is not complete when a server hangs up or refuses", async () => {
    master.on("SCAN", () => ({ do: "reset" }));
    assert.match((await compare()).why ?? "", /m1 answered SCAN with: connection-lost/);
    await replica.stop();
    assert.match((await compare()).why ?? "", /connecting to .* failed/);
  });

  it("is not complete when there are keys of a type it does not know, and names one", async () => {
    for (const server of [master, replica])
      server.on("TYPE", (argv) => (String(argv[1]) === "b" ? "MBbloom--" : "string"));
    const result = await compare();
    assert.equal(result.complete, false);
    assert.match(result.why ?? "", /1 of type MBbloom-- \(first: b\)/);
    assert.equal(result.masterKeys, 2, "the rest is compared all the same");
  });

  it("is not complete when an answer is not what the command gives", async () => {
    master.on("SCAN", () => "OK");
    assert.match((await compare()).why ?? "", /not an array/);
  });

  it("ends a scan that never ends, at the deadline", async () => {
    replica.on("SCAN", () => [Buffer.from("7"), []]);
    assert.match((await compare(1000)).why ?? "", /time was up/);
  });

  it("counts a key that SCAN returns twice once", async () => {
    master.on("SCAN", (argv) => [
      Buffer.from(String(argv[1]) === "0" ? "1" : "0"),
      [Buffer.from("c"), Buffer.from("c")],
    ]);
    master.on("TYPE", () => "string");
    master.on("PTTL", () => -1);
    master.on("EXISTS", () => 1);
    const result = await compare();
    assert.deepEqual([result.masterKeys, result.different], [1, 1]);
  });

  it("looks again before it blames a key that has an expiry", async () => {
    let asked = 0;
    serve(master, { a: "1", b: "2", c: "3" });
    master.on("PTTL", () => 5);
    master.on("TYPE", (argv) => (String(argv[1]) === "c" && ++asked > 1 ? "none" : "string"));
    const result = await compare();
    assert.ok(!result.differences.some(({ key }) => key === "c"), JSON.stringify(result.differences));
    // Once before its value is read, once before it is blamed, and once more because it was gone by then.
    assert.equal(asked, 3);
  });

  it("stops at once when the run is cancelled, with the signal's reason", async () => {
    replica.on("GETRANGE", () => {
      stop.abort(new Error("cancelled"));
      return { do: "never" };
    });
    await assert.rejects(compare(), /cancelled/);
    await until({ what: "both connections closed", within: 60_000, every: 5 }, () => master.open + replica.open === 0);
  });
});
