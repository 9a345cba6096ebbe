import assert from "node:assert/strict";
import { monotonicClock } from "../../base/clock.ts";
import { until } from "../../base/deadline.ts";
import { encodeCommand } from "../../resp/encode.ts";
import { RespError } from "../../resp/reply.ts";
import { FakeServer } from "../../testing/fake-server.support.ts";
import type { AnswerRecord, LossRecord } from "../observation.ts";
import { ProbeConnection } from "./probe-connection.ts";

const PING = encodeCommand(["PING"]);
const soon = { within: 10_000, every: 5 };

describe("probe connection", () => {
  let server: FakeServer;
  let connection: ProbeConnection;
  let answers: AnswerRecord[];
  let losses: LossRecord[];
  const open = (password?: string, name?: string, clock = monotonicClock()): void => {
    answers = [];
    losses = [];
    connection = new ProbeConnection({
      number: 3,
      kind: "established",
      host: server.host,
      port: server.port,
      password,
      name,
      clock,
      onAnswer: (answer) => answers.push(answer),
      onLoss: (loss) => losses.push(loss),
    });
  };
  const answered = (count: number) => until({ what: `${count} answers`, ...soon }, () => answers.length >= count);
  const lost = (count: number) => until({ what: `${count} losses`, ...soon }, () => losses.length >= count);

  beforeEach(async () => {
    server = await FakeServer.start();
    open();
  });
  afterEach(async () => {
    connection.close();
    await server.stop();
  });

  it("asks one question at a time on one connection", async () => {
    assert.equal(connection.ask(PING), true);
    assert.equal(connection.ask(PING), false);
    await answered(1);
    assert.equal(connection.ask(PING), true);
    await answered(2);
    assert.equal(server.count("PING"), 2);
    assert.equal(server.accepted, 1);
    assert.equal(answers[0]?.number, 3);
    assert.equal(connection.view().link, "open");
    assert.ok((connection.view().localPort ?? 0) > 0);
  });

  it("lets an unanswered question grow old and never repeats it", async () => {
    server.freeze();
    connection.ask(PING);
    const { askedAt } = connection.view();
    await until({ what: "the connection", ...soon }, () => connection.view().link === "open");
    assert.equal(connection.ask(PING), false);
    assert.equal(connection.view().askedAt, askedAt);
    server.thaw();
    await answered(1);
    assert.equal(server.count("PING"), 1);
    assert.equal(answers[0]?.askedAt, askedAt);
  });

  it("takes an error reply as an answer", async () => {
    server.on("PING", () => new RespError("LOADING Redis is loading the dataset in memory"));
    connection.ask(PING);
    await answered(1);
    assert.equal(answers[0]?.error, "LOADING");
  });

  it("authenticates first, and asks even when that is refused", async () => {
    const seen: string[] = [];
    server.on("AUTH", (argv) => {
      seen.push(argv.join(" "));
      return new RespError("WRONGPASS");
    });
    server.on("PING", () => new RespError("NOAUTH Authentication required."));
    open("secret");
    connection.ask(PING);
    await answered(1);
    assert.deepEqual(seen, ["AUTH secret"]);
    assert.equal(answers[0]?.error, "NOAUTH");
  });

  it("tells its name each time it is opened, and asks even when that is refused", async () => {
    const seen: string[] = [];
    for (const command of ["AUTH", "CLIENT", "PING"]) {
      server.on(command, (argv) => {
        seen.push(argv.join(" "));
        return command === "CLIENT" ? new RespError("ERR unknown command") : "OK";
      });
    }
    open("secret", "probe-3");
    connection.ask(PING);
    await answered(1);
    assert.equal(answers[0]?.error, null);
    connection.close();
    connection.ask(PING);
    await answered(2);
    connection.ask(PING);
    await answered(3);
    const opened = ["AUTH secret", "CLIENT SETNAME probe-3", "PING"];
    assert.deepEqual(seen, [...opened, ...opened, "PING"]);
  });

  it("reports a refused connection, and tries again only after a pause", async () => {
    await server.stop();
    let now = 1000;
    open(undefined, undefined, { origin: 0n, now: () => now });
    connection.ask(PING);
    await lost(1);
    assert.match(losses[0]?.reason ?? "", /ECONNREFUSED/);
    assert.notEqual(losses[0]?.waited, null);
    assert.equal(connection.view().link, "closed");
    await server.listen();
    now += 99;
    assert.equal(connection.ask(PING), false);
    now += 1;
    assert.equal(connection.ask(PING), true);
    await answered(1);
  });

  it("reports a connection that is closed or reset, once", async () => {
    server.on("PING", () => ({ do: "close" }));
    connection.ask(PING);
    await lost(1);
    server.on("PING", () => ({ do: "reset" }));
    await until({ what: "a new attempt", ...soon }, () => connection.ask(PING));
    await lost(2);
    assert.equal(losses.length, 2);
    assert.equal(answers.length, 0);
  });

  it("reports what is not RESP, and an answer to nothing, as a loss", async () => {
    server.on("PING", () => ({ do: "raw", bytes: "HTTP/1.1 400\r\n" }));
    connection.ask(PING);
    await lost(1);
    assert.match(losses[0]?.reason ?? "", /not RESP/);
    server.on("PING", () => ({ do: "raw", bytes: "+PONG\r\n+PONG\r\n" }));
    await until({ what: "a new attempt", ...soon }, () => connection.ask(PING));
    await lost(2);
    assert.match(losses[1]?.reason ?? "", /without a question/);
  });
});
