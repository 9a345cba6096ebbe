import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { monotonicClock } from "../../base/clock.ts";
import { until } from "../../base/deadline.ts";
import type { JournalEvent } from "../../journal/events.ts";
import { redis } from "../../systems/redis.ts";
import { FakeServer } from "../../testing/fake-server.support.ts";
import { AttachedLogs } from "./attached-logs.ts";
import { AttachedNode } from "./attached-node.ts";
import type { AttachedServer } from "./attached-servers.ts";
import { clusterOf, pathsBetween } from "./cluster-of.ts";
import { countOwn, foreignKeys, removeOwn } from "./keys.ts";
import { putBack } from "./put-back.ts";

const PREFIX = "kvchaos:";
const OFFSET = 1_000;

/** A server with keys and a role, as far as attaching asks. */
class SmallServer {
  readonly keys = new Set<string>();
  /** null: it is a master. */
  master: { host: string; port: number } | null = null;
  offset = OFFSET;
  readonly fake: FakeServer;

  private constructor(fake: FakeServer) {
    this.fake = fake;
    fake.on("INFO", () => Buffer.from(this.#info()));
    fake.on("SCAN", (argv) => {
      const at = argv.findIndex((word) => word.toString().toUpperCase() === "MATCH");
      const prefix = at < 0 ? "" : (argv[at + 1]?.toString().slice(0, -1) ?? "");
      return ["0", [...this.keys].filter((key) => key.startsWith(prefix))];
    });
    fake.on("DEL", ([, ...keys]) => keys.filter((key) => this.keys.delete(key.toString())).length);
    fake.on("FLUSHALL", () => {
      this.keys.clear();
      return "OK";
    });
    const follow = ([, host, port]: Buffer[]) => {
      const none = host?.toString().toUpperCase() === "NO";
      this.master = none ? null : { host: String(host), port: Number(port) };
      return "OK";
    };
    for (const name of ["REPLICAOF", "SLAVEOF"]) fake.on(name, follow);
  }

  static async start(): Promise<SmallServer> {
    return new SmallServer(await FakeServer.start());
  }

  get at(): { host: string; port: number } {
    return { host: this.fake.host, port: this.fake.port };
  }

  #info(): string {
    const replica = this.master
      ? `role:slave\r\nmaster_host:${this.master.host}\r\nmaster_port:${this.master.port}\r\nmaster_link_status:up\r\nmaster_sync_in_progress:0\r\nslave_repl_offset:${this.offset}\r\nslave_read_repl_offset:${this.offset}\r\n`
      : "role:master\r\n";
    return `redis_version:7.0.15\r\n${replica}master_repl_offset:${this.offset}\r\n`;
  }
}

describe("servers that are there", function () {
  this.timeout(180_000);
  let m1: SmallServer;
  let r1: SmallServer;
  let events: JournalEvent[];
  const emit = (event: object): void => void events.push(event as JournalEvent);

  beforeEach(async () => {
    [m1, r1] = await Promise.all([SmallServer.start(), SmallServer.start()]);
    r1.master = m1.at;
    events = [];
  });
  afterEach(() => Promise.all([m1.fake.stop(), r1.fake.stop()]));

  const keeper = (server: SmallServer) => ({ name: "m1", at: server.at, system: redis });
  const serverOf = (one: SmallServer, role: "master" | "replica"): AttachedServer => ({
    ...{ at: one.at, inside: one.at, role, system: redis, version: "7.0.15", state: redis.state("") },
  });
  const nodeOf = (name: string, one: SmallServer, forbidsFlush = async (): Promise<string | null> => null) => {
    const role = name === "m1" ? "master" : "replica";
    const server = serverOf(one, role);
    return new AttachedNode({ name, role, server, login: {}, engine: null, clock: monotonicClock(), forbidsFlush });
  };

  it("lose the keys that are ours, and no others, even where MATCH gives more than was asked for", async () => {
    for (const key of ["kvchaos:a", "kvchaos:b", "user:1", "akvchaos:"]) m1.keys.add(key);
    assert.equal(await countOwn(keeper(m1), PREFIX, {}), 2);
    m1.fake.on("SCAN", () => ["0", [...m1.keys]]);
    assert.equal(await removeOwn(keeper(m1), PREFIX, {}, AbortSignal.timeout(60_000)), 2);
    assert.deepEqual([...m1.keys], ["user:1", "akvchaos:"]);
  });

  it("are sent no FLUSHALL while somebody's keys are there, however it is said", async () => {
    m1.keys.add("user:1");
    const node = nodeOf("m1", m1, () => foreignKeys(keeper(m1), PREFIX, {}));
    await assert.rejects(
      node.admin(["FLUSHALL"]),
      /has not sent FLUSHALL: m1 has keys that do not begin with "kvchaos:"/,
    );
    const connection = await node.connect();
    for (const argv of [["flushall"], ["FlushDB", "ASYNC"], ["EVAL", "return redis.call('flushall')", "0"]]) {
      const said = await connection.send(argv, { within: 60_000 });
      assert.equal(said.outcome, "fail", argv.join(" "));
    }
    assert.deepEqual([m1.fake.count("FLUSHALL"), m1.fake.count("FLUSHDB"), m1.fake.count("EVAL")], [0, 0, 0]);
    m1.keys.delete("user:1");
    m1.keys.add("kvchaos:a");
    assert.equal((await connection.send(["FLUSHALL"], { within: 60_000 })).outcome, "ok");
    assert.equal(m1.fake.count("FLUSHALL"), 1);
    connection.close();
  });

  it("cannot do what needs a container of ours", async () => {
    const node = nodeOf("m1", m1);
    for (const deed of [node.stop(), node.disconnect(), node.kill("SIGKILL"), node.pause(), node.start()])
      await assert.rejects(deed, /^ChaosError: m1 was not started by kvchaos, and cannot /);
  });

  const attached = () => ({
    servers: new Map([
      ["m1", serverOf(m1, "master")],
      ["r1", serverOf(r1, "replica")],
    ]),
    ...{ topology: { masters: ["m1"], replicaOf: { r1: "m1" } }, prefix: PREFIX, login: {}, deletes: false },
  });

  const switched = () => {
    const nodes = [nodeOf("m1", m1), nodeOf("r1", r1)];
    const cluster = clusterOf(attached(), {
      nodes,
      links: pathsBetween(nodes),
      logs: new AttachedLogs("", emit),
      emit,
    });
    cluster.intend({ masters: ["r1"], replicaOf: { m1: "r1" } }, "a fault");
    return cluster;
  };

  it("are what they were before, without a key of ours, at the end, and are told nothing a second time", async () => {
    [m1.master, r1.master] = [r1.at, null];
    for (const key of ["kvchaos:a", "user:1"]) m1.keys.add(key);
    const cluster = switched();
    assert.equal(cluster.keyTag("m1"), PREFIX);
    await putBack(cluster, attached(), emit);
    assert.deepEqual([m1.master, r1.master], [null, m1.at]);
    assert.deepEqual([...m1.keys], ["user:1"]);
    assert.match(JSON.stringify(events.at(-1)), /every server is what it was before the run; 1 key of ours/);
    const told = events.filter(({ type }) => type === "repair").length;
    assert.equal(told, 2);
    await putBack(cluster, attached(), emit);
    assert.equal(events.filter(({ type }) => type === "repair").length, told);
    cluster.closeLanes();
  });

  it("are put back by another process when the one of the run is killed", async () => {
    [m1.master, r1.master] = [r1.at, null];
    for (const key of ["kvchaos:a", "user:1"]) m1.keys.add(key);
    const directory = await mkdtemp(path.join(tmpdir(), "kvchaos-keeper-"));
    const program = `
      import { startKeeper } from ${JSON.stringify(new URL("./keeper.ts", import.meta.url).href)};
      const at = (port) => ({ host: "127.0.0.1", port });
      const server = (port, role) => ({ at: at(port), inside: at(port), role, system: { name: "redis" }, version: null });
      const servers = new Map([["m1", server(${m1.at.port}, "master")], ["r1", server(${r1.at.port}, "replica")]]);
      const topology = { masters: ["m1"], replicaOf: { r1: "m1" } };
      const { signal } = new AbortController();
      await startKeeper({ servers, topology, prefix: "kvchaos:", login: {} }, { directory: ${JSON.stringify(directory)}, deeds: [], signal });
      process.kill(process.pid, "SIGKILL");`;
    const typescript = new URL("../../base/typescript/register.mjs", import.meta.url).href;
    const argv = ["--import", typescript, "--input-type=module", "--eval", program];
    const harness = spawn(process.execPath, argv, { stdio: "ignore" });
    await once(harness, "exit");
    const told = path.join(directory, "put-back.txt");
    const within = 120_000;
    await until({ what: "the servers to be put back", within, every: 100 }, async () =>
      (await readFile(told, "utf8").catch(() => "")).endsWith("done\n"),
    );
    assert.equal(harness.signalCode, "SIGKILL");
    assert.deepEqual([m1.master, r1.master, [...m1.keys]], [null, m1.at, ["user:1"]]);
    await rm(directory, { recursive: true });
  });

  it("are not put back where data would be lost, and it is said what is left to do", async () => {
    [m1.master, r1.master] = [r1.at, null];
    r1.offset = OFFSET + 1;
    const cluster = switched();
    await assert.rejects(
      putBack(cluster, attached(), emit, 300),
      /m1 is not what it was before \(.*m1 to have what r1 has.*\): tell it REPLICAOF NO ONE/s,
    );
    assert.deepEqual([m1.master, r1.master], [r1.at, null]);
    cluster.closeLanes();
  });
});
