import assert from "node:assert/strict";
import { ChaosError } from "../base/chaos-error.ts";
import { until } from "../base/deadline.ts";
import { FakeServer } from "../testing/fake-server.support.ts";
import { adminCommand } from "./admin.ts";
import { RespError } from "./reply.ts";
import { replyText } from "./reply-text.ts";

describe("adminCommand", () => {
  let server: FakeServer;
  beforeEach(async () => {
    server = await FakeServer.start();
  });
  afterEach(() => server.stop());

  it("returns the reply and leaves no connection behind", async () => {
    server.on("INFO", () => Buffer.from("role:master\r\n"));
    assert.equal(replyText(await adminCommand(server, ["INFO", "replication"], { within: 10_000 })), "role:master\r\n");
    assert.equal(replyText(await adminCommand(server, ["SLAVEOF", "NO", "ONE"], { within: 10_000 })), "OK");
    await until({ what: "the sockets' end", within: 60_000 }, () => server.open === 0);
  });

  it("sends the command and nothing else", async () => {
    await adminCommand(server, ["PING"], { within: 10_000 });
    assert.deepEqual([...server.received], [["PING", 1]]);
  });

  it("names address, command and error when the server refuses", async () => {
    server.on("SLAVEOF", () => new RespError("ERR already master of others"));
    await assert.rejects(adminCommand(server, ["SLAVEOF", "m1", 6379], { within: 10_000 }), (error) => {
      assert.ok(error instanceof ChaosError);
      assert.equal(
        error.message,
        `SLAVEOF m1 6379 on 127.0.0.1:${server.port} was refused: ERR already master of others`,
      );
      assert.ok(error.cause instanceof RespError && error.cause.code === "ERR");
      return true;
    });
  });

  it("gives up at its own deadline, sends once, and drops the connection", async () => {
    server.on("INCR", () => ({ do: "never" }));
    await assert.rejects(
      adminCommand(server, ["INCR", "k"], { within: 80 }),
      (error) => error instanceof ChaosError && error.code === "timeout" && /INCR k on/.test(error.message),
    );
    await until({ what: "the socket's end", within: 60_000 }, () => server.open === 0);
    assert.equal(server.count("INCR"), 1);
  });

  it("does not repeat a command whose connection was closed", async () => {
    server.on("INCR", () => ({ do: "close" }));
    await assert.rejects(adminCommand(server, ["INCR", "k"], { within: 10_000 }), /INCR k on .* failed/);
    assert.equal(server.count("INCR"), 1);
    assert.equal(server.accepted, 1);
  });

  it("says who refused the connection", async () => {
    await server.stop();
    await assert.rejects(
      adminCommand(server, ["PING"], { within: 10_000 }),
      /PING on 127\.0\.0\.1:\d+ failed: .*ECONNREFUSED/,
    );
  });

  it("never shows the password", async () => {
    server.on("CONFIG", () => new RespError("ERR no"));
    await assert.rejects(
      adminCommand(server, ["CONFIG", "SET", "masterauth", "geheim"], { within: 10_000, password: "geheim" }),
      (error) => error instanceof ChaosError && !error.message.includes("geheim"),
    );
    assert.equal(server.count("AUTH"), 1);
  });

  it("keeps error replies inside arrays as values", async () => {
    server.on("EXEC", () => ["OK", new RespError("ERR inside"), null, 3]);
    const reply = await adminCommand(server, ["EXEC"], { within: 10_000 });
    assert.deepEqual(reply, [Buffer.from("OK"), new RespError("ERR inside"), null, 3]);
  });
});

describe("text", () => {
  it("turns every kind of reply into text", () => {
    assert.equal(replyText([Buffer.from("a"), null, 1, ["b"], new RespError("ERR x")]), "a\n\n1\nb\nERR x");
  });
});
