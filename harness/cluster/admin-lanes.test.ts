import assert from "node:assert/strict";
import { until, withResolvers } from "../base/deadline.ts";
import type { EventOf } from "../journal/events.ts";
import { RespError } from "../resp/reply.ts";
import { FakeServer } from "../testing/fake-server.support.ts";
import { AdminLanes } from "./admin-lanes.ts";

type Seen = EventOf<"admin-command">;

describe("lasting administration connections", () => {
  let server: FakeServer;
  let lanes: AdminLanes;
  let seen: Seen[];

  beforeEach(async () => {
    server = await FakeServer.start();
    seen = [];
    lanes = new AdminLanes({
      node: "r1",
      address: { host: server.host, port: server.port },
      login: {},
      emit: (event) => void seen.push(event as Seen),
    });
  });
  afterEach(async () => {
    lanes.close();
    await server.stop();
  });

  const ask = (lane: number, by: string, within = 2_000, argv: readonly string[] = ["SLAVEOF", "m1", "1"]) =>
    lanes.send(lane, { argv: () => argv, by, within });
  const steps = () => seen.map(({ by, step }) => `${by} ${step}`);

  it("journals every command and its length, over one connection", async () => {
    server.on("SLAVEOF", () => ({ do: "late", reply: "OK", after: 30 }));
    const first = await ask(0, "a");
    await ask(0, "b");
    assert.deepEqual(steps(), ["a sent", "a answered", "b sent", "b answered"]);
    assert.ok(first.kind === "answered" && first.ms >= 25);
    assert.ok((seen[1]?.ms ?? 0) >= 25);
    assert.equal(server.accepted, 1);
  });

  it("has one command under way at a time on one connection, and several on several", async () => {
    server.on("SLAVEOF", () => ({ do: "late", reply: "OK", after: 40 }));
    await Promise.all([ask(0, "a"), ask(0, "b"), ask(1, "c")]);
    assert.deepEqual(steps().slice(0, 2).sort(), ["a sent", "c sent"]);
    assert.ok(steps().indexOf("b sent") > steps().indexOf("a answered"));
  });

  it("says at once that nothing more is sent where a command is without answer", async () => {
    server.on("SLAVEOF", () => ({ do: "never" }));
    const outcome = await ask(0, "a", 400);
    assert.equal(outcome.kind, "unanswered");
    const later = new Promise<null>((resolve) => setImmediate(resolve, null));
    const next = (await Promise.race([ask(0, "b", 350), later])) ?? assert.fail("it waited");
    assert.ok(next.kind === "not-sent" && /SLAVEOF m1 1 of a has had no answer for/.test(next.detail));
    assert.deepEqual(steps(), ["a sent"]);
  });

  it("goes on measuring a command that was given up on, and then takes the next", async () => {
    const { promise: ready, resolve: answer } = withResolvers();
    server.on("SLAVEOF", () => ({ do: "when", reply: "OK", ready }));
    const given = ask(0, "a", 150);
    await until({ what: "the command", within: 60_000, every: 5 }, () => server.count("SLAVEOF") === 1);
    const from = performance.now();
    assert.equal((await given).kind, "unanswered");
    const waited = performance.now() - from;
    answer();
    await until({ what: "the late answer", within: 60_000, every: 5 }, () => steps().includes("a answered"));
    assert.ok((seen[1]?.ms ?? 0) >= waited);
    assert.equal((await ask(0, "b")).kind, "answered");
  });

  it("tells a refusal with the server's words", async () => {
    server.on("SLAVEOF", () => new RespError("LOADING restoring"));
    assert.deepEqual(await ask(0, "a"), { kind: "refused", detail: "LOADING restoring" });
    assert.equal(seen[1]?.step, "refused");
  });

  it("journals what is still open when it is closed as lost", async () => {
    server.on("SLAVEOF", () => ({ do: "never" }));
    const waiting = ask(0, "a", 20);
    await until({ what: "the command", within: 60_000, every: 5 }, () => steps().includes("a sent"));
    await waiting;
    lanes.close();
    await until({ what: "the end", within: 60_000, every: 5 }, () => steps().includes("a lost"));
  });

  it("makes a command when its turn has come, not before", async () => {
    server.on("SLAVEOF", () => ({ do: "late", reply: "OK", after: 20 }));
    let version = 0;
    const send = (by: string) => lanes.send(0, { argv: () => ["SLAVEOF", `v${++version}`], by, within: 2_000 });
    await Promise.all([send("a"), send("b")]);
    assert.deepEqual(
      seen.filter(({ step }) => step === "sent").map(({ by, command }) => `${by} ${command}`),
      ["a SLAVEOF v1", "b SLAVEOF v2"],
    );
  });

  it("leaves a topology of many lines out of what it shows", async () => {
    await ask(0, "a", 2_000, ["CLUSTERX", "SETNODES", "x".repeat(500), "7"]);
    assert.equal(seen[0]?.command, "CLUSTERX SETNODES … 7");
  });

  it("gives up waiting when the run is cancelled", async () => {
    server.on("SLAVEOF", () => ({ do: "never" }));
    const stop = new AbortController();
    const waiting = lanes.send(0, { argv: () => ["SLAVEOF"], by: "a", within: 5_000, signal: stop.signal });
    stop.abort(new Error("cancelled"));
    await assert.rejects(waiting, /cancelled/);
  });
});
