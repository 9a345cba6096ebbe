import assert from "node:assert/strict";
import { monotonicClock } from "../../base/clock.ts";
import { CleanupScope } from "../../base/scope.ts";
import type { ClusterNode } from "../../cluster/cluster.ts";
import type { Emit } from "../../journal/events.ts";
import { RespError } from "../../resp/reply.ts";
import { FakeCluster } from "../../testing/fake-cluster.support.ts";
import { FakeServer } from "../../testing/fake-server.support.ts";
import { plannedParams } from "../../testing/planned-params.support.ts";
import { duplicateCommand } from "./duplicate-command.ts";

describe("duplicate-command", () => {
  let server: FakeServer;

  beforeEach(async () => {
    server = await FakeServer.start();
  });

  afterEach(() => server.stop());

  async function inject(written: object, gap = 0) {
    const events: Parameters<Emit>[0][] = [];
    const cluster = new FakeCluster(["m1"], { r1: "m1" });
    for (const node of cluster.nodes as (ClusterNode & { direct: object })[]) {
      Object.assign(node, { nearest: () => ({ host: server.host, port: server.port }) });
    }
    const params = plannedParams(duplicateCommand, { gap: "0ms", ...written });
    const scope = new CleanupScope();
    try {
      const injected = await duplicateCommand.inject(
        {
          id: "twice#1",
          cluster,
          clock: monotonicClock(),
          signal: new AbortController().signal,
          onHeal: (what, undo) => scope.defer(what, undo),
          claim: () => () => {},
          heldBy: () => null,
          keep: async (file: string) => file,
          pausing: () => () => {},
          note: () => {},
          emit: (event) => void events.push(event),
          capture: async () => {},
        },
        { ...params, gap },
      );
      return { effect: await injected.effect(), targets: injected.targets, events };
    } finally {
      assert.deepEqual(await scope.close(), []);
    }
  }

  it("sends as many copies as asked, each on a connection of its own, and tells the gap and the answers", async () => {
    const connections = new Set<number>();
    server.on("BGSAVE", (_, { index }) => {
      connections.add(index);
      return connections.size === 1 ? "Background saving started" : new RespError("ERR Background save in progress");
    });
    const { effect, targets } = await inject({ node: "m1", argv: ["BGSAVE"], copies: 3 });
    assert.equal(connections.size, 3);
    assert.deepEqual(targets, ["m1"]);
    assert.match(effect.summary, /^BGSAVE 3 times, \d+\.\d\d ms apart at most: m1 accepted after .*, m1 ERR after/);
  });

  it("goes to a second node in turn, with the address of that node's own link", async () => {
    const heard: string[] = [];
    server.on("SLAVEOF", (argv) => {
      heard.push(argv.join(" "));
      return "OK";
    });
    const { targets } = await inject({
      node: "m1",
      "second-node": "r1",
      argv: ["SLAVEOF", "{r1 -> m1 host}", "{r1 -> m1 port}"],
    }).catch((error: unknown) => assert.fail(String(error)));
    assert.deepEqual(targets, ["m1", "r1"]);
    assert.equal(heard.length, 2);
    assert.ok(
      heard.every((line) => /^SLAVEOF toxiproxy 100\d\d$/.test(line)),
      heard.join(),
    );
  });

  it("journals the gaps that were achieved and every copy's answer, and gives all copies one topology number", async () => {
    const heard: string[] = [];
    server.on("CLUSTERX", (argv) => {
      heard.push(argv.join(" "));
      return heard.length === 1 ? "OK" : new RespError("ERR Invalid version");
    });
    const argv = ["CLUSTERX", "SETNODES", "{topology}", "{version}", "{r1 id}"];
    const { events } = await inject({ node: "m1", argv, copies: 3 }, 3);
    assert.deepEqual(new Set(heard), new Set(["CLUSTERX SETNODES all as m1 sees them 1 id-of-r1"]));
    const event = events.find(({ type }) => type === "duplicate-command");
    assert.ok(event?.type === "duplicate-command");
    assert.equal(event.command, "CLUSTERX SETNODES");
    assert.equal(event.gaps.length, 2);
    assert.ok(
      event.gaps.every((gap) => gap >= 3),
      String(event.gaps),
    );
    assert.deepEqual(
      event.answers.map(({ node, answer }) => [node, answer]),
      [
        ["m1", null],
        ["m1", "ERR"],
        ["m1", "ERR"],
      ],
    );
  });

  it("has no effect when every copy is refused", async () => {
    server.on("NOSUCH", () => new RespError("ERR unknown command"));
    const { effect } = await inject({ node: "m1", argv: ["NOSUCH"] });
    assert.equal(effect.measured, false);
    assert.match(effect.summary, /every copy was refused/);
  });

  it("a copy that is never answered is told as such and does not hold the fault up for longer than `within`", async () => {
    server.on("HANG", () => ({ do: "never" }));
    const { effect } = await inject({ node: "m1", argv: ["HANG"], within: "200ms" });
    assert.match(effect.summary, /m1 timeout after \d+\.\d ms, m1 timeout after/);
  });
});
