import assert from "node:assert/strict";
import type { Engine } from "../docker/engine.ts";
import type { Link } from "../network/link.ts";
import { RespError } from "../resp/reply.ts";
import { kvrocks } from "../systems/kvrocks.ts";
import { pika } from "../systems/pika.ts";
import type { System } from "../systems/system.ts";
import { FakeServer } from "../testing/fake-server.support.ts";
import { ContainerNode } from "./container-node.ts";
import { LogCollector } from "./logs.ts";
import { RunningCluster } from "./running-cluster.ts";

const BUSY = new RespError("ERR already master of others, invalid usage");
const LOADING = new RespError("LOADING kvrocks is restoring the db from backup");

describe("telling a server its role", () => {
  let server: FakeServer;
  let said: string[];
  let cluster: RunningCluster | undefined;

  beforeEach(async () => {
    server = await FakeServer.start();
    said = [];
  });
  afterEach(async () => {
    cluster?.closeLanes();
    await server.stop();
  });

  /** m1, whose SLAVEOF is refused so many times, is to follow r1. */
  function following(system: System, refusals: number, copyAll = false, refusal = BUSY): RunningCluster {
    let refused = 0;
    server.on("SLAVEOF", (argv) => {
      said.push(argv.join(" "));
      return ++refused > refusals ? "OK" : refusal;
    });
    // Nobody here asks the engine for anything.
    const engine = {} as Engine;
    const emit = () => {};
    const node = new ContainerNode({
      engine,
      server: { system, image: "" },
      name: "m1",
      role: "master",
      port: 1,
      container: "",
      direct: { host: server.host, port: server.port },
      data: { name: "data", alias: "m1" },
      sharded: false,
      disk: null,
      locks: null,
      interposer: null,
      password: undefined,
    });
    const address = { host: "toxiproxy", port: 10_000 };
    const none = async () => {};
    const link: Link = {
      name: "m1 -> r1",
      from: "m1",
      to: "r1",
      address,
      published: address,
      addToxic: none,
      removeToxic: none,
    };
    cluster = new RunningCluster({
      system,
      nodes: [node],
      links: [link],
      logs: new LogCollector({ engine, rulesOf: () => [], directory: "", emit }),
      topology: { masters: ["r1"], replicaOf: { m1: "r1" } },
      emit,
      login: {},
      keySpaces: [],
      toxiproxyApi: "",
      dataNetwork: "data",
      shards: null,
      ruler: "operator",
      controllers: null,
      copyAll,
      nodeAt: () => null,
      namesOf: () => [],
    });
    return cluster;
  }

  for (const [how, lasting] of [
    ["a connection of its own", undefined],
    ["a lasting connection", { connection: 0, by: "switch" }],
  ] as const) {
    it(`asks again, over ${how}, while Pika's old master still has replicas`, async () => {
      await following(pika, 2).applyRole("m1", lasting ? { lasting } : {});
      assert.deepEqual(said, Array(3).fill("SLAVEOF toxiproxy 10000"));
    });

    it(`asks again, over ${how}, while a server restores what it copied since it was started`, async () => {
      await following(kvrocks, 2, false, LOADING).applyRole("m1", lasting ? { lasting } : {});
      assert.equal(said.length, 3);
    });

    it(`gives up in time, over ${how}, when they never leave it`, async () => {
      const told = following(pika, 1_000).applyRole("m1", { within: 1_500, ...(lasting ? { lasting } : {}) });
      await assert.rejects(told, /already master of others/);
    });

    it(`takes other servers' refusals for final, over ${how}`, async () => {
      const told = following(kvrocks, 1).applyRole("m1", lasting ? { lasting } : {});
      await assert.rejects(told, /already master of others/);
      assert.equal(said.length, 1);
    });
  }

  it("says so when a replica is to copy all data", async () => {
    await following(pika, 0, true).applyRole("m1");
    assert.deepEqual(said, ["SLAVEOF toxiproxy 10000 force"]);
  });
});
