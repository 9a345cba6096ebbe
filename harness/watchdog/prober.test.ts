import assert from "node:assert/strict";
import { monotonicClock } from "../base/clock.ts";
import { until } from "../base/deadline.ts";
import { FakeServer } from "../resp/fake-server.ts";
import type { ProbeReport } from "./observation.ts";
import { type ProbeOrder, startProber } from "./prober.ts";
import { Starvation } from "./starvation.ts";

describe("prober", () => {
  let server: FakeServer;
  let obey: (order: ProbeOrder) => void;
  let reports: ProbeReport[];

  beforeEach(async () => {
    server = await FakeServer.start();
    reports = [];
    const nodes = [
      { name: "m1", host: server.host, port: server.port, control: false, writes: true, keyTag: "" },
      { name: "control", host: server.host, port: server.port, control: true, writes: false, keyTag: "" },
    ];
    const plan = { connections: 3, interval: 20, poll: 100, password: undefined, info: ["INFO"], named: false };
    obey = startProber({ nodes, plan }, monotonicClock(), (report) => reports.push(report));
  });
  afterEach(async () => {
    obey({ type: "stop" });
    await server.stop();
  });
  const reported = (count: number) => until({ what: `${count} reports`, within: 5000 }, () => reports.length >= count);

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
    ]);
  });

  it("opens more established connections on request, under new numbers, and asks on them", async () => {
    await reported(2);
    obey({ type: "grow", node: "m1", connections: 5 });
    obey({ type: "grow", node: "m1", connections: 4 });
    const views = await until({ what: "answers on five connections", within: 5000 }, () => {
      const now = reports.at(-1)?.nodes[0]?.connections.filter(({ kind }) => kind === "established");
      return now?.every(({ answeredAt }) => answeredAt !== null) && now.length >= 5 ? now : undefined;
    });
    assert.deepEqual(
      views.map(({ number }) => number),
      [0, 1, 2, 9, 10],
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
    const view = await until({ what: "a new connection", within: 5000 }, () => {
      const now = reports.at(-1)?.nodes[0]?.connections[1];
      return now?.localPort && now.localPort !== before && now.link === "open" ? now : undefined;
    });
    assert.equal(view.number, 1);
    assert.ok(reports.some(({ nodes }) => nodes[0]?.losses.some(({ number }) => number === 1)));
  });

  it("gives up on outstanding questions when told to open their connections again", async () => {
    await reported(2);
    server.freeze();
    await until({ what: "silence", within: 5000 }, () =>
      reports
        .at(-1)
        ?.nodes[0]?.connections.slice(0, 3)
        .every(({ askedAt }) => askedAt !== null),
    );
    const accepted = server.accepted;
    obey({ type: "reopen", node: "m1" });
    await until({ what: "new connections", within: 5000 }, () => server.accepted >= accepted + 3);
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
    assert.equal(starvation.spans.length, 1);
    assert.ok((starvation.spans[0]?.to ?? 0) - (starvation.spans[0]?.from ?? 0) > 700);
  });
});
