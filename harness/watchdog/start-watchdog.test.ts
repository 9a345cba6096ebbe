import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { until } from "../base/deadline.ts";
import { eventSchema } from "../journal/events.ts";
import { RespError } from "../resp/reply.ts";
import { FakeServer } from "../testing/fake-server.support.ts";
import { type MutableNode, mutableNode, type Recording, record } from "../testing/watch-recorder.support.ts";

const INFO = Buffer.from(
  "# Server\r\nredis_version:7.0.15\r\n# Replication\r\nrole:master\r\nmaster_repl_offset:42\r\n",
);

// The process that is read is the test itself, so its kind of hang says nothing here.
const HANG = ["deadlocked", "livelocked", "unresponsive"] as const;

describe("watchdog", function () {
  this.timeout(600_000);
  let server: FakeServer;
  let node: MutableNode;
  let recording: Recording | undefined;

  beforeEach(async () => {
    server = await FakeServer.start();
    server.on("INFO", () => INFO);
    node = mutableNode("m1", server.port, { pid: process.pid });
  });
  afterEach(async () => {
    await recording?.stop();
    recording = undefined;
    await server.stop();
  });
  const healthy = async (...more: Parameters<typeof record>): Promise<Recording> => {
    recording = await record(...more);
    await recording.becomes("m1", "healthy");
    return recording;
  };
  /** Lets `count` of the established connections (those that asked more than twice) have no answer any more. */
  const silence = (count: number): void => {
    const silent = new Set<number>();
    server.on("PING", (_, { index, command }) => {
      if (command > 2 && silent.size < count) silent.add(index);
      return silent.has(index) ? { do: "never" } : "PONG";
    });
  };

  it("finds a healthy node healthy, and writes what the journal expects", async () => {
    const { watchdog, of, path } = await healthy([node]);
    watchdog.calibrated();
    await until({ what: "two seconds of events", within: 60_000 }, () => of("self").length >= 2);
    assert.deepEqual(path("m1"), ["unknown", "healthy"]);
    assert.equal(watchdog.state("m1")?.offset, 42);
    const kinds = new Set(of("probe").map(({ kind }) => kind));
    assert.deepEqual([...kinds].sort(), ["admin", "established", "fresh", "read", "write"]);
    for (const type of ["probe", "node-state", "process", "self", "condition"] as const) {
      assert.ok(of(type).length > 0, type);
      for (const event of of(type)) eventSchema.parse(event);
    }
    // 4 connections, each asked every 50 ms, in a second in which this machine had the time for it.
    await until({ what: "about 80 PINGs in a second", within: 60_000 }, () =>
      of("probe").some(({ kind, answered }) => kind === "established" && answered >= 60 && answered <= 100),
    );
    const process = of("process").at(-1);
    assert.ok(process?.alive && (process.threads ?? 0) > 4 && (process.cpuMs ?? 0) > 0);
    assert.equal(of("self").at(-1)?.starved, false);
  });

  it("sends few INFO questions and few writes, and no write to a replica or once data must stand still", async () => {
    const { watchdog, of } = await healthy([node], { poll: 400 });
    await until({ what: "writes", within: 60_000 }, () => server.count("SET") >= 2);
    watchdog.quiesce();
    const seen = of("self").length;
    await until({ what: "a full second", within: 60_000 }, () => of("self").length >= seen + 2);
    const [writes, reads, pings, polls] = ["SET", "GET", "PING", "INFO"].map((name) => server.count(name)) as [
      number,
      number,
      number,
      number,
    ];
    assert.ok(reads > writes, `${reads} reads, ${writes} writes`);
    assert.ok(polls * 5 < pings, `${polls} INFO, ${pings} PING`);
  });

  it("polls INFO a hundred times a second when told to, and journals ten states of it and every change", async () => {
    const { of } = await healthy([node], { poll: 10 });
    const [from, polls] = [of("node-state").length, server.count("INFO")];
    await until({ what: "200 more INFO", within: 60_000 }, () => server.count("INFO") >= polls + 200);
    const told = of("node-state").slice(from);
    assert.ok(told.length >= 5 && told.length < 200, `${told.length} of 200`);
    for (const [i, { t }] of told.slice(1).entries()) assert.ok(t - (told[i]?.t ?? 0) >= 90, "ten a second at most");
    server.on("INFO", () => Buffer.from(INFO.toString().replace("role:master", "role:slave")));
    await until({ what: "the change", within: 60_000 }, () => of("node-state").at(-1)?.state.role === "replica");
  });

  it("calls a node with a master no place to write", async () => {
    node.master = "other";
    node.role = "replica";
    await healthy([node]);
    await until({ what: "reads", within: 60_000 }, () => server.count("GET") >= 3);
    assert.equal(server.count("SET"), 0);
  });

  it("tells a node that answers nobody from one that leaves some connections without an answer", async () => {
    const { becomes, of } = await healthy([node]);
    silence(1);
    const partial = await becomes("m1", "partial");
    assert.match(partial.why, /1 of \d+ connections/);
    server.on("PING", () => ({ do: "never" }));
    server.on("SET", () => ({ do: "never" })).on("GET", () => ({ do: "never" }));
    await becomes("m1", HANG);
    const event = of("condition").at(-1);
    assert.ok((event?.silent ?? 0) >= 4, `silent ${event?.silent} of ${event?.of}`);
    await until({ what: "silent connections in a second", within: 60_000 }, () =>
      of("probe").some(({ kind, silent }) => kind === "established" && silent.length === 4),
    );
  });

  it("calls a node hung whose INFO and CONFIG still answer, and says which commands do", async () => {
    const { becomes, of } = await healthy([node], { poll: 100 });
    const never = () => ({ do: "never" }) as const;
    server.on("PING", never).on("GET", never).on("SET", never);
    await becomes("m1", HANG);
    const told = await until({ what: "the classes", within: 60_000 }, () => of("classes").at(0));
    assert.deepEqual(told.answering, ["INFO", "CONFIG GET"]);
    assert.deepEqual(told.silent, ["PING", "GET", "SET", "PING on a new connection"]);
    eventSchema.parse(told);
  });

  it("keeps at most three fresh questions outstanding", async () => {
    const { becomes } = await healthy([node]);
    server.freeze();
    await becomes("m1", HANG);
    const before = server.accepted;
    const seen = recording?.of("self").length ?? 0;
    await until({ what: "two more seconds", within: 60_000 }, () => (recording?.of("self").length ?? 0) >= seen + 2);
    assert.ok(server.accepted - before <= 3, `${server.accepted - before} more connections`);
    server.thaw();
    await becomes("m1", "healthy");
  });

  it("calls a node that answers late slow", async () => {
    const { watchdog, becomes, path } = await healthy([node], { slowAfter: 200 });
    watchdog.calibrated();
    server.on("PING", () => ({ do: "late", reply: "PONG", after: 400 }));
    const { why } = await becomes("m1", "slow");
    assert.match(why, /bound 200 ms/);
    assert.deepEqual(path("m1"), ["unknown", "healthy", "slow"]);
  });

  it("calls a node that refuses connections dead when its container stopped, a hang when it runs", async () => {
    const { becomes } = await healthy([node]);
    await server.stop();
    node.container = { running: false, paused: false, exitCode: 139 };
    assert.match((await becomes("m1", "dead")).why, /exit code 139/);
    await server.listen();
    node.container = { running: true, paused: false, exitCode: null };
    await becomes("m1", "healthy");
    await server.stop();
    const hang = await becomes("m1", HANG);
    assert.match(hang.why, /ECONNREFUSED.*although its process runs/);
  });

  it("calls a node that answers LOADING restoring", async () => {
    const { becomes } = await healthy([node]);
    server.on("PING", () => new RespError("LOADING Redis is loading the dataset in memory"));
    await becomes("m1", "restoring");
    server.on("PING", () => "PONG");
    await becomes("m1", "healthy");
  });

  it("never calls a node a hang that is paused by us, and gives it hangAfter once released", async () => {
    const { becomes, path, of } = await healthy([node]);
    node.claimed = "paused";
    server.freeze();
    await becomes("m1", "paused");
    const seen = of("self").length;
    await until({ what: "longer than hangAfter", within: 60_000 }, () => of("self").length >= seen + 3);
    node.claimed = null;
    server.thaw();
    await becomes("m1", "healthy");
    assert.deepEqual(path("m1"), ["unknown", "healthy", "paused", "healthy"]);
  });

  it("does not start on a port that cannot exist", async () => {
    await assert.rejects(record([mutableNode("m1", 70_000)]), /probe thread did not start.*port/i);
  });

  it("ends with its signal, and ends twice without harm", async () => {
    const controller = new AbortController();
    const { of, stop } = await healthy([node], {}, { signal: controller.signal });
    controller.abort();
    await until({ what: "all connections to close", within: 60_000 }, () => server.open === 0);
    const seen = of("self").length;
    await stop();
    await stop();
    assert.equal(of("self").length, seen);
  });

  it("is not misled by a main thread that is blocked", async () => {
    // The server must go on answering meanwhile: it lives in a process of its own.
    const script = `require("node:net").createServer((s) => s.on("error", () => {}).on("data", () => s.write("+PONG\\r\\n")))
      .listen(0, "127.0.0.1", function () { console.log(this.address().port) })`;
    const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    try {
      const [port] = (await once(child.stdout, "data")) as [Buffer];
      const control = mutableNode("control", Number(port), { role: "control" });
      const { path, of } = await healthy([mutableNode("m1", Number(port)), control]);
      const seen = of("self").length;
      const end = performance.now() + 1500;
      while (performance.now() < end);
      await until({ what: "two more seconds", within: 60_000 }, () => of("self").length >= seen + 2);
      assert.deepEqual(path("m1"), ["unknown", "healthy"]);
      const worst = Math.max(...of("self").map(({ mainDelay }) => mainDelay));
      assert.ok(worst > 1000, `main thread's delay ${worst}`);
      const probeDelay = Math.max(...of("self").map((second) => second.probeDelay));
      assert.ok(probeDelay < 1000, `probe thread's delay ${probeDelay}`);
      const late = of("probe").filter(({ node: name, kind }) => name === "m1" && kind === "established");
      assert.ok(Math.max(...late.map(({ latency }) => latency?.max ?? 0)) < 1000);
    } finally {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
  });

  it("starts in a process that registered tsx itself", async () => {
    const script = `import { register } from "tsx/esm/api"; register();
      const { startWatchdog } = await import("./harness/watchdog/start-watchdog.ts");
      const { redis } = await import("./harness/systems/redis.ts");
      const { monotonicClock } = await import("./harness/base/clock.ts");
      const node = { name: "m1", system: redis, role: "master", host: "127.0.0.1", port: ${server.port}, pid: () => null,
        container: () => ({ running: true, paused: false, exitCode: null }), claimed: () => null, master: () => null };
      const settings = { hangAfter: 1000, hangLimit: null, slowAfter: null, stallAfter: 1000, connections: 2, interval: 50, poll: 200 };
      const watchdog = await startWatchdog({ nodes: [node], settings, clock: monotonicClock(), emit() {},
        signal: new AbortController().signal, onState() {}, onCondition: ({ condition }) => {
          console.log(condition);
          watchdog.stop();
        } });`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      cwd: fileURLToPath(new URL("../..", import.meta.url)),
      stdio: ["ignore", "pipe", "inherit"],
    });
    let out = "";
    child.stdout.on("data", (chunk) => {
      out += chunk;
    });
    const [code] = await once(child, "exit");
    assert.equal(code, 0);
    assert.equal(out.trim(), "healthy");
  });
});
