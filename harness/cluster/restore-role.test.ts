import assert from "node:assert/strict";
import type { Engine } from "../docker/engine.ts";
import type { JournalEvent } from "../journal/events.ts";
import type { Link } from "../network/link.ts";
import { RespError } from "../resp/reply.ts";
import { kvrocks } from "../systems/kvrocks.ts";
import { FakeServer } from "../testing/fake-server.support.ts";
import type { AgreementWatch } from "./agreement-watch.ts";
import { ContainerNode } from "./container-node.ts";
import { LogCollector } from "./logs.ts";
import { RunningCluster } from "./running-cluster.ts";
import { Shards } from "./shards.ts";

const AT_M1 = { role: "slave", host: "toxiproxy", port: 10_000 };
const AT_M2 = { ...AT_M1, port: 10_001 };

describe("a server that is to be where it should be", () => {
  let server: FakeServer;
  let cluster: RunningCluster;
  let events: JournalEvent[];
  /** What r1 says of itself; null: nothing. */
  let says: { role: string; host?: string; port?: number } | null;
  /** What it was told. */
  let told: string[];

  beforeEach(async () => {
    server = await FakeServer.start();
    says = AT_M1;
    told = [];
    events = [];
    server.on("INFO", () => {
      if (says === null) return { do: "never" };
      const { role, host, port } = says;
      return Buffer.from(
        `# Replication\r\nrole:${role}\r\n${host ? `master_host:${host}\r\nmaster_port:${port}\r\n` : ""}`,
      );
    });
    for (const name of ["SLAVEOF", "CLUSTERX"]) {
      server.on(name, (argv) => {
        told.push(argv.join(" "));
        return "OK";
      });
    }
    cluster = running(null);
  });
  afterEach(async () => {
    cluster.closeLanes();
    await server.stop();
  });

  /** r1 is to replicate from m1; there is m2 besides. */
  function running(shards: Shards | null): RunningCluster {
    // Nobody here asks the engine for anything.
    const engine = {} as Engine;
    const emit = (event: object) => void events.push({ t: 0, ...event } as JournalEvent);
    const node = new ContainerNode({
      engine,
      server: { system: kvrocks, image: "" },
      name: "r1",
      role: "replica",
      port: 1,
      container: "",
      direct: { host: server.host, port: server.port },
      data: { name: "data", alias: "r1" },
      sharded: false,
      disk: null,
      locks: null,
      interposer: null,
      password: undefined,
    });
    const none = async () => {};
    const links = ["m1", "m2"].map((to, i): Link => {
      const address = { host: "toxiproxy", port: 10_000 + i };
      const ends = { name: `r1 -> ${to}`, from: "r1", to };
      return { ...ends, address, published: address, addToxic: none, removeToxic: none };
    });
    return new RunningCluster({
      system: kvrocks,
      nodes: [node],
      links,
      logs: new LogCollector({ engine, rulesOf: () => [], directory: "", emit }),
      topology: { masters: ["m1", "m2"], replicaOf: { r1: "m1" } },
      emit,
      login: {},
      keySpaces: [],
      toxiproxyApi: "",
      dataNetwork: "data",
      shards,
      ruler: "operator",
      controllers: null,
      copyAll: false,
      namesOf: () => [],
      nodeAt: (host, port) => links.find(({ address }) => address.host === host && address.port === port)?.to ?? null,
    });
  }

  const repairs = () => events.flatMap((one) => (one.type === "repair" ? [one] : []));
  const restore = (within = 5_000) => cluster.restoreRole("r1", { by: "cut#1", within });

  it("is told nothing when it is", async () => {
    await restore();
    assert.deepEqual([told, repairs()], [[], []]);
  });

  it("is told its role when it is not, and the journal why, by whom and with which words", async () => {
    says = AT_M2;
    await restore();
    assert.deepEqual(told, ["SLAVEOF toxiproxy 10000"]);
    assert.deepEqual(
      repairs().map(({ node, by, why, told: words }) => [node, by, why, words]),
      [["r1", "cut#1", "should replicate from m1 and replicates from m2", ["SLAVEOF toxiproxy 10000"]]],
    );
  });

  it("is asked until it says what it is", async () => {
    says = { role: "?" };
    const restored = restore();
    setTimeout(() => (says = { role: "master" }), 100);
    await restored;
    assert.equal(repairs()[0]?.why, "should replicate from m1 and is a master");
  });

  it("is not told blindly when it does not answer", async () => {
    says = null;
    await assert.rejects(restore(300), /r1 to say what it is did not happen within 300 ms/);
    assert.deepEqual([told, repairs()], [[], []]);
  });

  it("may still carry out a command that it has not answered: it is told again", async () => {
    let first = true;
    server.on("SLAVEOF", (argv) => {
      if (!first) told.push(argv.join(" "));
      if (!first) return "OK";
      first = false;
      return { do: "never" };
    });
    const lasting = { connection: 0, by: "storm#1" };
    await assert.rejects(cluster.applyRole("r1", { lasting, within: 500 }), /unanswered when told its role/);
    await restore();
    assert.deepEqual(told, ["SLAVEOF toxiproxy 10000"]);
    assert.match(repairs()[0]?.why ?? "", /a command that a fault gave it has had no answer yet/);
  });

  it("says no: whoever told it hears of it, and that it was tried is in the journal", async () => {
    says = AT_M2;
    server.on("SLAVEOF", () => new RespError("ERR no"));
    await assert.rejects(restore(), /ERR no/);
    assert.equal(repairs().length, 1);
  });

  it("is its own affair where servers or sentinels agree among themselves", async () => {
    says = AT_M2;
    cluster.agreement = {} as AgreementWatch;
    await restore();
    assert.deepEqual([told, repairs()], [[], []]);
  });

  describe("in cluster mode", () => {
    beforeEach(() => {
      cluster.closeLanes();
      cluster = running(new Shards(["m1", "m2"]));
    });

    it("is told a topology that it missed, once, although its role is right", async () => {
      await cluster.applyRole("r1");
      await restore();
      assert.equal(told.length, 1);
      cluster.intend({ masters: ["m1", "m2"], replicaOf: { r1: "m1" } }, "switch#1");
      await restore();
      await restore();
      assert.equal(told.length, 2);
      assert.match(told[1] ?? "", /^CLUSTERX SETNODES/);
      assert.deepEqual(
        repairs().map(({ why }) => why),
        ["it has not been told how the topology has changed"],
      );
    });

    it("is told nothing of a topology that the servers have already", async () => {
      await cluster.applyRole("r1");
      cluster.adopt({ masters: ["m1", "m2"], replicaOf: { r1: "m1" } }, "as cmd left it");
      await restore();
      assert.equal(told.length, 1);
      assert.equal(events.filter(({ type }) => type === "topology").length, 1);
    });

    it("is told the number that comes next, and the journal no number twice", async () => {
      await cluster.applyRole("r1");
      says = AT_M2;
      await restore();
      const versions = told.map((words) => Number(words.split(" ").at(-1)));
      assert.deepEqual(versions, [versions[0], (versions[0] ?? 0) + 1]);
    });
  });
});
