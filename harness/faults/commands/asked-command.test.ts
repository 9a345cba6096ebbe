import assert from "node:assert/strict";
import { monotonicClock } from "../../base/clock.ts";
import { until } from "../../base/deadline.ts";
import { CleanupScope } from "../../base/scope.ts";
import type { Emit } from "../../journal/events.ts";
import { RespError } from "../../resp/reply.ts";
import { FakeCluster } from "../../testing/fake-cluster.support.ts";
import { FakeServer } from "../../testing/fake-server.support.ts";
import { plannedParams } from "../../testing/planned-params.support.ts";
import { faults } from "../registry.ts";
import { flagsIn } from "./asked-command.ts";

describe("a command of a fault", () => {
  let server: FakeServer;
  let scope: CleanupScope;
  let chaos: AbortController;
  let events: Parameters<Emit>[0][];

  beforeEach(async () => {
    server = await FakeServer.start();
    scope = new CleanupScope();
    chaos = new AbortController();
    events = [];
  });
  afterEach(() => server.stop());

  async function inject(kind: string, written: object): Promise<string> {
    const cluster = new FakeCluster(["m1"], { r1: "m1" });
    Object.assign(cluster.node("m1"), { nearest: () => ({ host: server.host, port: server.port }) });
    cluster.answer = (_, argv) => ({
      outcome: "ok",
      reply: argv[0] === "CLIENT" ? "id=1 addr=1.2.3.4:5 flags=b cmd=blpop\nid=2 flags=N cmd=client|list\n" : "",
    });
    const fault = faults.get(kind) ?? assert.fail(kind);
    const injected = await fault.inject(
      {
        id: "pop",
        cluster,
        clock: monotonicClock(),
        signal: chaos.signal,
        onHeal: (what, undo) => scope.defer(what, undo),
        claim: () => assert.fail("it asks for no excuse"),
        heldBy: () => null,
        keep: async (file: string) => file,
        pausing: () => () => {},
        note: () => {},
        emit: (event) => void events.push(event),
        capture: async () => {},
      },
      plannedParams(fault, { node: "m1", ...written }),
    );
    return (await injected.effect()).summary;
  }

  const steps = () => events.flatMap((event) => (event.type === "admin-command" ? [event] : []));
  const step = (name: string) =>
    until({ what: `"${name}"`, within: 60_000 }, () => steps().find((event) => event.step === name));

  it("is journaled with all its words and its whole reply", async () => {
    server.on("LRANGE", () => [Buffer.from("a"), 1, null, [new RespError("ERR no")]]);
    assert.equal(await inject("command", { argv: ["LRANGE", "list", 0, -1] }), 'LRANGE list: ["a",1,null,["ERR no"]]');
    const [sent, answered, ...others] = steps();
    assert.deepEqual(others, []);
    assert.deepEqual([sent?.step, sent?.argv, sent?.expected], ["sent", ["LRANGE", "list", "0", "-1"], 0]);
    assert.deepEqual([answered?.step, answered?.reply, answered?.by], ["answered", '["a",1,null,["ERR no"]]', "pop"]);
    await scope.close();
    await until({ what: "its connection's end", within: 60_000 }, () => server.open === 0);
  });

  it("without an answer goes on being waited for, also after heal", async () => {
    let answer = false;
    server.on("BLPOP", () => {
      answer = true;
      return { do: "late", reply: null, after: 2_300 };
    });
    const summary = await inject("command", { argv: ["BLPOP", "k", "1"], within: "200ms" });
    assert.equal(summary, "BLPOP k: no answer within 200ms; its own timeout of 1s is not over");
    await until({ what: "the command", within: 60_000 }, () => answer);
    assert.deepEqual(await scope.close(), []);
    assert.equal(server.open, 1);
    const answered = await step("answered");
    assert.deepEqual([answered.expected, answered.reply], [1000, "null"]);
    assert.ok((answered.ms ?? 0) > 2_000, String(answered.ms));
    await until({ what: "its connection's end", within: 60_000 }, () => server.open === 0);
  });

  it("that was answered late, but while it was waited for, has its lateness in the effect", async () => {
    server.on("BLPOP", () => ({ do: "late", reply: null, after: 1_300 }));
    const summary = await inject("command", { argv: ["BLPOP", "k", "0.1"] });
    assert.match(summary, /^BLPOP k: null after [1-9]\.\ds, [1-9]\.\ds later than its own timeout$/);
  });

  it("that is overdue is told with the client's flags", async () => {
    server.on("BLPOP", () => ({ do: "never" }));
    await inject("command", { argv: ["BLPOP", "k", "0.1"], within: "100ms" });
    const { flags, ms } = await step("overdue");
    assert.equal(flags, "b");
    assert.ok((ms ?? 0) >= 5_100, String(ms));
    await server.stop();
    await step("lost");
  });

  it("that waits for ever by its own words, or is not waited for, ends with heal", async () => {
    server.on("BLPOP", () => ({ do: "never" }));
    server.on("EVAL", () => ({ do: "never" }));
    assert.match(await inject("command", { argv: ["BLPOP", "k", 0], within: "100ms" }), /it never has to be answered$/);
    await inject("command", { argv: ["EVAL", "return 1", 0], "wait-for-reply": false });
    await scope.close();
    await until({ what: "the end of both", within: 60_000 }, () => server.open === 0);
    await step("lost");
    assert.deepEqual(
      steps().map(({ step: name, expected, detail }) => [name, expected, detail]),
      [
        ["sent", null, undefined],
        ["sent", null, undefined],
        ["lost", null, "closed when the fault was healed"],
        ["lost", null, "closed when the fault was healed"],
      ],
    );
  });

  it("does not hold the end of chaos up", async () => {
    server.on("GET", () => ({ do: "never" }));
    const injecting = inject("command", { argv: ["GET", "k"], within: "1h" });
    await step("sent");
    chaos.abort();
    assert.match(await injecting, /^GET k: no answer/);
  });

  it("that is refused is the server's whole word in the journal, and no effect", async () => {
    server.on("GET", () => new RespError("WRONGTYPE Operation against a key"));
    await assert.rejects(inject("command", { argv: ["GET", "k"] }), /m1 refused GET k: WRONGTYPE/);
    assert.equal((await step("refused")).detail, "WRONGTYPE Operation against a key");
  });

  it("of many clients is one command: how many have no answer, and one end", async () => {
    let number = 0;
    server.on("BLPOP", () => (++number > 7 ? { do: "never" } : { do: "late", reply: null, after: 300 }));
    const summary = await inject("blocked-clients", { connections: 10, timeout: "300ms" });
    assert.match(summary, /clients wait in BLPOP on m1 for 300ms/);
    await scope.close();
    const overdue = await step("overdue");
    assert.deepEqual([overdue.clients, overdue.waiting, overdue.flags], [10, 3, "b"]);
    assert.equal(steps().length, 2);
    await server.stop();
    assert.equal((await step("answered")).reply, "null");
  });
});

describe("the flags of our clients", () => {
  const list = [
    "id=3 addr=172.18.0.1:5000 laddr=172.18.0.2:6379 name= flags=b cmd=blpop",
    "id=4 addr=172.18.0.1:5001 laddr=172.18.0.2:6379 name= flags=N cmd=client|list",
    "id=5 addr=172.18.0.1:5002 laddr=172.18.0.2:6379 name= flags=x cmd=blpop",
  ].join("\n");

  it("are found by our ports, else by the command, and are not known where the server shows none", () => {
    assert.equal(flagsIn(list, [5000], ["BLPOP", "k", "1"]), "b");
    assert.equal(flagsIn(list, [], ["BLPOP", "k", "1"]), "b, x");
    assert.equal(flagsIn(list, [], ["CLIENT", "LIST"]), "N");
    assert.equal(flagsIn(list, [], ["GET", "k"]), null);
    assert.equal(flagsIn("addr=127.0.0.1:5000 fd=7 idle=0", [5000], ["GET", "k"]), null);
  });
});
