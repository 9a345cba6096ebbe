import assert from "node:assert/strict";
import { ChaosError } from "../base/chaos-error.ts";
import { until } from "../base/deadline.ts";
import { FakeServer } from "../testing/fake-server.support.ts";
import { RawConnection } from "./connection.ts";
import { RespError } from "./reply.ts";

const LONG = { within: 20_000 };

describe("RawConnection", () => {
  let server: FakeServer;
  let connection: RawConnection;
  const closed: string[] = [];

  beforeEach(async () => {
    server = await FakeServer.start();
    closed.length = 0;
    connection = await open();
  });
  afterEach(async () => {
    connection.close();
    await server.stop();
  });

  function open(options: { password?: string; within?: number; signal?: AbortSignal } = {}): Promise<RawConnection> {
    return RawConnection.open({
      host: server.host,
      port: server.port,
      within: 10_000,
      onClose: (why) => closed.push(why),
      ...options,
    });
  }

  it("answers pipelined commands in order", async () => {
    server.on("ECHO", (argv) => argv[1] as Buffer);
    const sent = Array.from({ length: 500 }, (_, i) => connection.send(["ECHO", i], LONG));
    const outcomes = await Promise.all(sent);
    assert.deepEqual(
      outcomes,
      outcomes.map((_, i) => ({ outcome: "ok", reply: Buffer.from(String(i)) })),
    );
  });

  it("counts an error reply as a definite fail and keeps it", async () => {
    server.on("SET", () => new RespError("READONLY You can't write against a read only replica."));
    const outcome = await connection.send(["SET", "k", "v"], LONG);
    assert.equal(outcome.outcome, "fail");
    assert.equal(outcome.error, "READONLY");
    assert.ok(outcome.reply instanceof RespError);
    assert.equal(connection.isOpen, true);
  });

  it("destroys itself when a command times out; others in flight are lost, later ones not sent", async () => {
    server.on("SET", () => ({ do: "never" }));
    const [slow, behind] = await Promise.all([
      connection.send(["SET", "k", "v"], { within: 50 }),
      connection.send(["PING"], LONG),
    ]);
    assert.deepEqual(slow, { outcome: "info", error: "timeout" });
    assert.deepEqual(behind, { outcome: "info", error: "connection-lost" });
    assert.deepEqual(await connection.send(["PING"], LONG), { outcome: "fail", error: "not-sent" });
    assert.equal(connection.isOpen, false);
    assert.deepEqual(closed, ["a command timed out"]);
  });

  it("does not take the answer of a timed-out command for that of a later one", async () => {
    server.on("GET", () => ({ do: "late", reply: "stale", after: 2_000 }));
    const outcome = await connection.send(["GET", "k"], { within: 20 });
    assert.deepEqual(outcome, { outcome: "info", error: "timeout" });
    assert.equal((await connection.send(["PING"], LONG)).outcome, "fail");
  });

  for (const behaviour of ["close", "reset"] as const) {
    it(`reports what was written as info when the server does ${behaviour}`, async () => {
      server.on("SET", () => ({ do: behaviour }));
      const outcomes = await Promise.all([connection.send(["SET", "k", "v"], LONG), connection.send(["PING"], LONG)]);
      const lost = { outcome: "info", error: "connection-lost" };
      assert.deepEqual(outcomes, [lost, lost]);
    });
  }

  it("reports half a reply as info", async () => {
    server.on("GET", () => ({ do: "half", reply: Buffer.alloc(100) }));
    assert.deepEqual(await connection.send(["GET", "k"], { within: 50 }), { outcome: "info", error: "timeout" });
  });

  it("reports commands that never left our queue as fail", async () => {
    server.freeze();
    const big = Buffer.alloc(64 * 1024 * 1024);
    const first = connection.send(["SET", "k", big], { within: 300 });
    await new Promise(setImmediate);
    const second = connection.send(["SET", "k", "v"], LONG);
    assert.deepEqual(await first, { outcome: "info", error: "timeout" });
    assert.deepEqual(await second, { outcome: "fail", error: "not-sent" });
  });

  it("a queued command that times out was never written: fail", async () => {
    server.freeze();
    const first = connection.send(["SET", "k", Buffer.alloc(64 * 1024 * 1024)], LONG);
    await new Promise(setImmediate);
    assert.deepEqual(await connection.send(["PING"], { within: 50 }), { outcome: "fail", error: "not-sent" });
    assert.deepEqual(await first, { outcome: "info", error: "connection-lost" });
  });

  it("reads the socket once more after a stall of our own event loop before it judges", async () => {
    // The server lives in this thread: its answer is in our socket when the stall ends, and our timer is overdue.
    server.on("PING", () => {
      const end = performance.now() + 900;
      while (performance.now() < end);
      return "PONG";
    });
    const answer = connection.send(["PING"], { within: 600 });
    assert.deepEqual(await answer, { outcome: "ok", reply: "PONG" });
  });

  it("ends on bytes that are not RESP", async () => {
    server.on("GET", () => ({ do: "raw", bytes: "what?\r\n" }));
    assert.deepEqual(await connection.send(["GET", "k"], LONG), { outcome: "info", error: "connection-lost" });
    assert.match(closed[0] ?? "", /not RESP2/);
  });

  it("authenticates, and says so when the password is refused", async () => {
    server.on("AUTH", (argv) => (argv[1]?.toString() === "right" ? "OK" : new RespError("WRONGPASS no")));
    const good = await open({ password: "right" });
    assert.equal(good.isOpen, true);
    good.close();
    await assert.rejects(open({ password: "wrong" }), (error) => {
      assert.ok(error instanceof ChaosError && error.code === "infrastructure");
      assert.match(error.message, /AUTH was not accepted: WRONGPASS/);
      return true;
    });
  });

  it("rejects in time when the server accepts and never answers AUTH", async () => {
    server.freeze();
    const error = await open({ password: "x", within: 60 }).catch((e) => e);
    assert.ok(error instanceof ChaosError);
    assert.match(error.message, /127\.0\.0\.1:\d+/);
    server.thaw();
    await until({ what: "the socket's end", within: 60_000 }, () => server.open === 1);
    assert.deepEqual(closed, [], "onClose is for connections that open returned");
  });

  it("rejects at once when nobody listens, and with the signal's reason when aborted", async () => {
    connection.close();
    await server.stop();
    await assert.rejects(open(), (error) => error instanceof ChaosError && /ECONNREFUSED/.test(error.message));
    const reason = new ChaosError("interrupted", "stop");
    await assert.rejects(open({ signal: AbortSignal.abort(reason) }), reason);
  });

  it("close is idempotent and tells once", () => {
    connection.close();
    connection.close();
    assert.deepEqual(closed, ["closed by us"]);
  });
});
