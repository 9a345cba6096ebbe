import assert from "node:assert/strict";
import { setMaxListeners } from "node:events";
import { monotonicClock } from "../base/clock.ts";
import { until } from "../base/deadline.ts";
import { CleanupScope } from "../base/scope.ts";
import type { PlannedParams } from "../journal/plan.ts";
import { RespError } from "../resp/reply.ts";
import { FakeCluster } from "../testing/fake-cluster.support.ts";
import { FakeServer } from "../testing/fake-server.support.ts";
import { changeOf, countersIn, reached } from "./clients/client-counters.ts";
import type { Injected } from "./fault.ts";
import { faults } from "./registry.ts";

describe("faults of clients", () => {
  let server: FakeServer;
  let scope: CleanupScope;
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);

  beforeEach(async () => {
    server = await FakeServer.start();
    scope = new CleanupScope();
  });
  afterEach(async () => {
    assert.deepEqual(await scope.close(), []);
    await server.stop();
  });

  async function inject(kind: string, params: PlannedParams): Promise<Injected> {
    const cluster = new FakeCluster(["m1"], { r1: "m1" });
    Object.assign(cluster.node("m1"), { nearest: () => ({ host: server.host, port: server.port }) });
    cluster.answer = () => ({
      outcome: "ok",
      reply: `connected_clients:${server.open}\r\ntotal_connections_received:${server.accepted}\r\n`,
    });
    const fault = faults.get(kind) ?? assert.fail(kind);
    return fault.inject(
      {
        id: `${kind}#1`,
        cluster,
        clock: monotonicClock(),
        signal: controller.signal,
        onHeal: (what, undo) => scope.defer(what, undo),
        claim: () => assert.fail("these faults ask for no excuse"),
        heldBy: () => null,
        keep: async (file: string) => file,
        pausing: () => () => {},
        note: () => {},
        emit: () => {},
        capture: async () => {},
      },
      params,
    );
  }

  const storm = { node: "m1", connections: 60, over: 100, send: "nothing", end: "hold" };
  const half = { node: "m1", connections: 10, how: "half", announce: 64 * 1024 ** 2 };
  const waiting = { node: "m1", connections: 20, command: "blpop", timeout: null };

  it("connection-storm: holds idle connections until healed", async () => {
    const injected = await inject("connection-storm", storm);
    const { measured, summary } = await injected.effect();
    assert.equal(measured, true);
    assert.match(
      summary,
      /^60 of 60 connections to m1 opened in .*; 60 still open; m1: clients 0 → (5[4-9]|60), \1 accepted$/,
    );
    assert.equal(server.count(), 0);
    await scope.close();
    await until({ what: "their end", within: 60_000 }, () => server.open === 0);
  });

  it("blocked-clients: hold a command without answer until healed; who is refused does not wait", async () => {
    server.on("BLPOP", () => ({ do: "never" }));
    const injected = await inject("blocked-clients", waiting);
    await until({ what: "their commands", within: 60_000 }, () => server.count("BLPOP") === 20);
    const { measured, summary } = await injected.effect();
    assert.equal(measured, true, summary);
    assert.equal(summary, "20 of 20 clients wait in BLPOP on m1; m1 does not tell how many");
    await scope.close();
    await until({ what: "their end", within: 60_000 }, () => server.open === 0);
    scope = new CleanupScope();
    server.on("XREAD", () => new RespError("ERR unknown command"));
    const refused = await inject("blocked-clients", { ...waiting, command: "xread" });
    await until({ what: "their commands", within: 60_000 }, () => server.count("XREAD") === 20);
    assert.equal((await refused.effect()).measured, false);
  });

  it("connection-storm: asks and leaves, each at once", async () => {
    const injected = await inject("connection-storm", { ...storm, send: "ping", end: "close" });
    await until({ what: "their end", within: 60_000 }, () => server.open === 0 && server.count("PING") === 60);
    const { measured, summary } = await injected.effect();
    assert.equal(measured, true, summary);
    assert.doesNotMatch(summary, /still open/);
  });

  it("connection-storm: has no effect where nobody listens", async () => {
    await server.stop();
    const injected = await inject("connection-storm", { ...storm, connections: 5, over: 0 });
    const { measured, summary } = await injected.effect();
    assert.equal(measured, false);
    assert.match(summary, /0 of 5 connections to m1 .*5 failed \(ECONNREFUSED\)/);
  });

  it("connection-storm: tells the words of a server that sends clients away", async () => {
    server.on("PING", () => ({ do: "raw", bytes: "-ERR max number of clients reached\r\n" }));
    const injected = await inject("connection-storm", { ...storm, connections: 5, over: 0, send: "ping" });
    await until({ what: "the answers", within: 60_000 }, () => server.count("PING") === 5);
    await until({ what: "the words", within: 60_000 }, async () => {
      return /5 were told "-ERR max number of clients reached"/.test((await injected.effect()).summary);
    });
  });

  it("connection-storm: refuses more connections than this process may have", async () => {
    await assert.rejects(inject("connection-storm", { ...storm, connections: 1e9 }), /may open \d+ files only/);
  });

  it("half-written-command: half a command and a huge announcement stay unanswered", async () => {
    for (const how of ["half", "huge"]) {
      const injected = await inject("half-written-command", { ...half, how });
      const { measured, summary } = await injected.effect();
      assert.equal(measured, true, summary);
      assert.match(summary, /10 open and unanswered/);
    }
    assert.equal(server.count(), 0, "no command was ever complete");
  });

  it("half-written-command: after FIN the server closes too, after RST it has nobody left", async () => {
    const injected = await inject("half-written-command", { ...half, how: "fin" });
    assert.match((await injected.effect()).summary, /10 closed by the server too/);
    const reset = await inject("half-written-command", { ...half, how: "reset" });
    assert.equal((await reset.effect()).measured, true);
    await until({ what: "their end", within: 60_000 }, () => server.open === 0);
    assert.equal(server.count(), 0);
  });

  it("refuse what cannot be", () => {
    const accepts = (kind: string, written: object): boolean =>
      (faults.get(kind) ?? assert.fail(kind)).parameters.written.safeParse(written).success;
    assert.equal(accepts("connection-storm", { node: "m1", connections: 10_001 }), false);
    assert.equal(accepts("connection-storm", { node: "m1", over: "31s" }), false);
    assert.equal(accepts("half-written-command", { node: "m1", announce: "1MB" }), false);
    assert.equal(accepts("half-written-command", { node: "m1", how: "huge", announce: "513MiB" }), false);
    assert.equal(accepts("half-written-command", { node: "m1", how: "huge", announce: "1MB..2MB" }), true);
  });
});

describe("a server's count of its connections", () => {
  const before = countersIn(
    "# Clients\r\nconnected_clients:5\r\n# Stats\r\ntotal_connections_received:100\r\nrejected_connections:1\r\n",
  );

  it("is read from INFO, as far as it tells", () => {
    assert.deepEqual(before, { clients: 5, received: 100, rejected: 1 });
    assert.deepEqual(countersIn("connected_clients:7"), { clients: 7, received: null, rejected: null });
  });

  it("counts those that were sent away as having come", () => {
    const after = { clients: 9, received: 104, rejected: 7 };
    assert.equal(reached(before, after), 10);
    assert.equal(changeOf(before, after), "clients 5 → 9, 4 accepted, 6 sent away");
    assert.equal(reached(before, { ...after, received: null }), null);
    assert.equal(reached(before, null), null);
    assert.equal(changeOf(before, null), "it does not answer INFO");
  });
});
