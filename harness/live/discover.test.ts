import assert from "node:assert/strict";
import type { NodeState } from "../journal/events.ts";
import { FakeServer } from "../testing/fake-server.support.ts";
import { nodeState } from "../testing/record-fixture.support.ts";
import { discover, nameOf } from "./discover.ts";
import { changeText, topologyOf } from "./live-topology.ts";

const info = (more: string): Buffer => Buffer.from(`redis_version:7.0.15\r\n${more}`);
const ACCESS = { username: undefined, password: undefined, sentinelPassword: undefined, tls: undefined };
const signal = new AbortController().signal;

describe("servers that are there", () => {
  const servers: FakeServer[] = [];
  const start = async (): Promise<FakeServer> => {
    const server = await FakeServer.start();
    servers.push(server);
    return server;
  };
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.stop();
  });
  const namesOf = async (given: readonly FakeServer[], follow = false): Promise<string[]> => {
    const { servers: found } = await discover(given, ACCESS, { follow, signal });
    return found.map(({ name, kind }) => `${name} ${kind}`).sort();
  };

  it("are those that a sentinel names, all of them", async () => {
    const [m, r, s] = [await start(), await start(), await start()];
    m.on("INFO", () => info("redis_mode:standalone\r\nrole:master\r\n"));
    r.on("INFO", () =>
      info(`redis_mode:standalone\r\nrole:slave\r\nmaster_host:127.0.0.1\r\nmaster_port:${m.port}\r\n`),
    );
    s.on("INFO", () => info("redis_mode:sentinel\r\n"));
    const row = (port: number) => ["name", "w", "ip", "127.0.0.1", "port", String(port)];
    s.on("SENTINEL", (argv) => {
      const what = argv[1]?.toString();
      return what === "MASTERS" ? [row(m.port)] : what === "REPLICAS" ? [row(r.port)] : [];
    });
    assert.deepEqual(
      await namesOf([s]),
      [`${nameOf(m)} server`, `${nameOf(r)} server`, `${nameOf(s)} sentinel`].sort(),
    );
  });

  it("are all nodes of a cluster, and where it is asked for the replicas of a master and the master of a replica", async () => {
    const [a, b] = [await start(), await start()];
    a.on("INFO", () => info("redis_mode:cluster\r\nrole:master\r\ncluster_enabled:1\r\n"));
    b.on("INFO", () => info("redis_mode:cluster\r\nrole:master\r\ncluster_enabled:1\r\n"));
    a.on("CLUSTER", () =>
      Buffer.from(
        `1 127.0.0.1:${a.port}@1 myself,master - 0 0 1 connected 0-8191\n2 127.0.0.1:${b.port}@1,x master - 0 0 2 connected 8192-16383\n3 :0@0 master,noaddr - 0 0 1 disconnected\n`,
      ),
    );
    b.on("CLUSTER", () => Buffer.from(""));
    assert.deepEqual(await namesOf([a]), [`${nameOf(a)} server`, `${nameOf(b)} server`].sort());
    const [m, r] = [await start(), await start()];
    m.on("INFO", () => info(`role:master\r\nslave0:ip=127.0.0.1,port=${r.port},state=online,offset=1,lag=0\r\n`));
    r.on("INFO", () => info(`role:slave\r\nmaster_host:127.0.0.1\r\nmaster_port:${m.port}\r\n`));
    const both = [`${nameOf(m)} server`, `${nameOf(r)} server`].sort();
    assert.deepEqual(await namesOf([m]), [`${nameOf(m)} server`]);
    assert.deepEqual(await namesOf([m], true), both);
    assert.deepEqual(await namesOf([r], true), both);
  });

  it("are told where they are silent, and refused where none of them answers", async () => {
    const m = await start();
    m.on("INFO", () => info(`role:master\r\nslave0:ip=127.0.0.1,port=1,state=online,offset=1,lag=0\r\n`));
    const { silent } = await discover([m], ACCESS, { follow: true, signal });
    assert.deepEqual(
      silent.map(({ name }) => name),
      ["127.0.0.1:1"],
    );
    await assert.rejects(discover([{ host: "127.0.0.1", port: 1 }], ACCESS, { follow: false, signal }), /ECONNREFUSED/);
  });

  it("get the ACL user and the password, which no message repeats", async () => {
    const m = await start();
    const said: string[] = [];
    m.on("AUTH", (argv) => {
      said.push(argv.slice(1).join(" "));
      return "OK";
    });
    m.on("INFO", () => info("role:master\r\n"));
    await discover([m], { ...ACCESS, username: "watcher", password: "s3cret" }, { follow: false, signal });
    assert.deepEqual([...new Set(said)], ["watcher s3cret"]);
  });
});

describe("who is master, as servers say", () => {
  const replica = (masterPort: number, masterHost = "10.0.0.1"): NodeState =>
    nodeState({ role: "replica", masterHost, masterPort });
  const states = (entries: Record<string, NodeState>) => new Map(Object.entries(entries));

  it("is known by the address that the replica names, or by a port that one server alone has", () => {
    const some = states({ "10.0.0.1:1": nodeState({}), "10.0.0.2:2": replica(1), "10.0.0.3:3": replica(1, "by-name") });
    assert.deepEqual(topologyOf(some), {
      masters: ["10.0.0.1:1"],
      replicaOf: { "10.0.0.2:2": "10.0.0.1:1", "10.0.0.3:3": "10.0.0.1:1" },
    });
    const same = states({ "10.0.0.1:1": nodeState({}), "10.0.0.2:1": replica(1, "by-name") });
    assert.deepEqual(topologyOf(same).replicaOf, {});
  });

  it("is told when it changes", () => {
    const before = { masters: ["a:1"], replicaOf: { "b:1": "a:1", "c:1": "a:1" } };
    assert.equal(changeText(before, before), null);
    const now = { masters: ["b:1"], replicaOf: { "a:1": "b:1", "c:1": "b:1" } };
    assert.equal(changeText(before, now), "b:1 is master now; a:1 is master no more; c:1 follows b:1");
  });
});
