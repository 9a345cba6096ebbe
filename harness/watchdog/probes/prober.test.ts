import assert from "node:assert/strict";
import { monotonicClock } from "../../base/clock.ts";
import { until } from "../../base/deadline.ts";
import { FakeServer } from "../../testing/fake-server.support.ts";
import type { ProbeReport } from "../observation.ts";
import { Starvation } from "../starvation.ts";
import { type ProbeOrder, startProber } from "./prober.ts";

describe("prober", () => {
  let server: FakeServer;
  let obey: (order: ProbeOrder) => void;
  let reports: ProbeReport[];

  beforeEach(async () => {
    server = await FakeServer.start();
    reports = [];
    const asked = {
      host: server.host,
      port: server.port,
      keyTag: "",
      info: ["INFO"],
      unansweredAtMost: null,
      named: false,
    };
    const nodes = [
      { name: "m1", control: false, writes: true, reads: true, ...asked },
      { name: "control", control: true, writes: false, reads: true, ...asked },
    ];
    const plan = {
      connections: 3,
      interval: 20,
      poll: 100,
      hangAfter: 1000,
      login: {},
    };
    obey = startProber({ nodes, plan }, monotonicClock(), (report) => reports.push(report));
  });
  afterEach(async () => {
    obey({ type: "stop" });
    await server.stop();
  });
  const reported = (count: number) =>
    until({ what: `${count} reports`, within: 60_000 }, () => reports.length >= count);

  it("numbers the connections stably: established, write, read, admin, fresh", async () => {
    await reported(3);
    const kinds = reports.at(-1)?.nodes[0]?.connections.map(({ number, kind }) => `${number} ${kind}`);
    assert.deepEqual(kinds, [
      "0 established",
      "1 established",
      "2 established",
      "3 write",
      "4 read",
      "5 admin",
      "6 fresh",
      "7 fresh",
      "8 fresh",
      "9 config",
    ]);
  });

  it("opens more established connections on request, under new numbers, and asks on them", async () => {
    await reported(2);
    obey({ type: "grow", node: "m1", connections: 5 });
    obey({ type: "grow", node: "m1", connections: 4 });
    const views = await until({ what: "answers on five connections", within: 60_000 }, () => {
      const now = reports.at(-1)?.nodes[0]?.connections.filter(({ kind }) => kind === "established");
      return now?.every(({ answeredAt }) => answeredAt !== null) && now.length >= 5 ? now : undefined;
    });
    assert.deepEqual(
      views.map(({ number }) => number),
      [0, 1, 2, 10, 11],
    );
  });

  it("asks the control only for PONG, on two connections and fresh ones", async () => {
    await reported(8);
    const control = reports.flatMap(({ nodes }) => nodes.filter(({ node }) => node === "control"));
    const kinds = new Set(control.flatMap(({ answers }) => answers.map(({ kind }) => kind)));
    assert.deepEqual([...kinds].sort(), ["established", "fresh"]);
    assert.equal(control[0]?.connections.filter(({ kind }) => kind === "established").length, 2);
  });

  it("opens lost connections again under their old numbers", async () => {
    await reported(3);
    const before = reports.at(-1)?.nodes[0]?.connections[1]?.localPort;
    server.resetAll();
    const view = await until({ what: "a new connection", within: 60_000 }, () => {
      const now = reports.at(-1)?.nodes[0]?.connections[1];
      return now?.localPort && now.localPort !== before && now.link === "open" ? now : undefined;
    });
    assert.equal(view.number, 1);
    assert.ok(reports.some(({ nodes }) => nodes[0]?.losses.some(({ number }) => number === 1)));
  });

  it("gives up on outstanding questions when told to open their connections again", async () => {
    await reported(2);
    server.freeze();
    await until({ what: "silence", within: 60_000 }, () =>
      reports
        .at(-1)
        ?.nodes[0]?.connections.slice(0, 3)
        .every(({ askedAt }) => askedAt !== null),
    );
    const accepted = server.accepted;
    obey({ type: "reopen", node: "m1" });
    await until({ what: "new connections", within: 60_000 }, () => server.accepted >= accepted + 3);
  });

  it("reads the sockets once more when it was late, and says how late it was", async () => {
    await reported(3);
    const starvation = new Starvation(1000, ["control"]);
    starvation.calibrate();
    const seen = reports.length;
    const end = performance.now() + 900;
    while (performance.now() < end);
    await reported(seen + 3);
    const late = reports.slice(seen);
    const delays = late.map(({ loopDelay }) => loopDelay);
    assert.ok(Math.max(...delays) > 700, `delays ${delays}`);
    for (const report of late) starvation.observe(report);
    // A busy machine may have been late once more, for a moment.
    assert.equal(starvation.spans.filter(({ from, to }) => to - from > 700).length, 1);
  });

  describe("on a server whose threads serve all connections", () => {
    const never = () => ({ do: "never" }) as const;
    let pooled: FakeServer;
    let order: (order: ProbeOrder) => void;
    let heard: ProbeReport[];

    beforeEach(async () => {
      pooled = await FakeServer.start();
      heard = [];
      const asked = { info: ["INFO"], unansweredAtMost: 3, named: false };
      const { host, port } = pooled;
      const node = { name: "r1", host, port, control: false, writes: true, keyTag: "", reads: true, ...asked };
      const plan = {
        connections: 12,
        interval: 20,
        poll: 10,
        hangAfter: 1000,
        login: {},
      };
      order = startProber({ nodes: [node], plan }, monotonicClock(), (report) => heard.push(report));
      await until({ what: "answers on all connections", within: 60_000 }, () => {
        const views = heard.at(-1)?.nodes[0]?.connections.filter(({ kind }) => kind !== "config" && kind !== "fresh");
        return views?.every(({ answeredAt }) => answeredAt !== null);
      });
    });
    afterEach(async () => {
      order({ type: "stop" });
      await pooled.stop();
    });
    const waiting = () => {
      const open = heard.at(-1)?.nodes[0]?.connections.filter(({ askedAt }) => askedAt !== null) ?? [];
      return open.map(({ kind }) => kind);
    };
    const asked = () => ["PING", "GET", "SET"].reduce((sum, name) => sum + pooled.count(name), 0);
    const polled = async (more: number) => {
      const seen = pooled.count("INFO");
      await until({ what: `${more} more INFO`, within: 60_000 }, () => pooled.count("INFO") >= seen + more);
    };

    it("adds no question to one that leaves several without answer, but for one of each kind; INFO goes on", async () => {
      pooled.on("PING", never).on("GET", never).on("SET", never);
      // A write and a fresh connection come twice in a second.
      await until({ what: "one of each kind to wait", within: 60_000 }, () =>
        (["established", "fresh", "read", "write"] as const).every((kind) => waiting().includes(kind)),
      );
      const stuck = waiting().filter((kind) => kind !== "admin");
      // What was on its way has arrived by then.
      await polled(20);
      const so = asked();
      assert.ok(stuck.length <= 3 + 3, stuck.join(", "));
      await polled(50);
      assert.equal(asked(), so, "no further question although INFO goes on");
      assert.equal(heard.at(-1)?.nodes[0]?.held, true);
    });

    it("asks all of them again when answers return", async () => {
      let answers = false;
      pooled.on("PING", () => (answers ? "PONG" : { do: "late", reply: "PONG", after: 1500 }));
      pooled.on("GET", () => (answers ? null : { do: "late", reply: null, after: 1500 }));
      pooled.on("SET", () => (answers ? "OK" : { do: "late", reply: "OK", after: 1500 }));
      await until({ what: "questions to be held back", within: 60_000 }, () => heard.at(-1)?.nodes[0]?.held);
      answers = true;
      const from = heard.at(-1)?.t ?? Infinity;
      await until({ what: "new answers on all of them", within: 60_000 }, () => {
        const views = heard.at(-1)?.nodes[0]?.connections.filter(({ kind }) => kind === "established");
        return views?.every(({ answeredAt }) => (answeredAt ?? 0) > from);
      });
    });

    it("leaves an INFO without answer alone, however often INFO is polled", async () => {
      const before = pooled.count("INFO");
      pooled.on("INFO", never);
      await until({ what: "an unanswered INFO", within: 60_000 }, () => waiting().includes("admin"));
      const pings = pooled.count("PING");
      await until({ what: "many more PINGs", within: 60_000 }, () => pooled.count("PING") > pings + 100);
      assert.equal(waiting().filter((kind) => kind === "admin").length, 1);
      assert.ok(before > 0);
    });

    it("asks CONFIG GET only when told to, one at a time", async () => {
      assert.equal(pooled.count("CONFIG"), 0);
      order({ type: "config", node: "r1", on: true });
      await until({ what: "CONFIG GET", within: 60_000 }, () => pooled.count("CONFIG") >= 1);
      pooled.on("CONFIG", never);
      await until({ what: "an unanswered CONFIG GET", within: 60_000 }, () => waiting().includes("config"));
      assert.equal(waiting().filter((kind) => kind === "config").length, 1);
    });
  });
});
