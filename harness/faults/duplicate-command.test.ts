import assert from "node:assert/strict";
import { monotonicClock } from "../base/clock.ts";
import { seededRandom } from "../base/random.ts";
import { CleanupScope } from "../base/scope.ts";
import type { ClusterNode } from "../cluster/cluster.ts";
import { FakeServer } from "../resp/fake-server.ts";
import { RespError } from "../resp/reply.ts";
import { duplicateCommand } from "./duplicate-command.ts";
import { FakeCluster } from "./fake-cluster.ts";
import type { Effect } from "./fault.ts";

const SHAPE = { masters: ["m1"], replicas: ["r1"], links: [] };

describe("duplicate-command", () => {
  let server: FakeServer;

  beforeEach(async () => {
    server = await FakeServer.start();
  });

  afterEach(() => server.stop());

  async function inject(written: object): Promise<{ effect: Effect; targets: readonly string[] }> {
    const cluster = new FakeCluster(["m1"], { r1: "m1" });
    for (const node of cluster.nodes as (ClusterNode & { direct: object })[]) {
      Object.assign(node, { direct: { host: server.host, port: server.port } });
    }
    const params = duplicateCommand.resolve(
      duplicateCommand.params.parse({ gap: "0ms", ...written }) as never,
      seededRandom("1"),
      0,
      SHAPE,
    );
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
          note: () => {},
          emit: () => {},
          capture: async () => {},
        },
        { ...params, gap: 0 },
      );
      return { effect: await injected.effect(), targets: injected.targets };
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
