import assert from "node:assert/strict";
import { connect } from "node:net";
import { until } from "../base/deadline.ts";
import { CleanupScope } from "../base/scope.ts";
import { connectEngine, type Engine } from "../docker/engine.ts";
import { adminCommand } from "../resp/admin.ts";
import { encodeCommand } from "../resp/encode.ts";
import { redis } from "../systems/redis.ts";
import { type MutableNode, mutableNode, type Recording, record } from "../testing/watch-recorder.support.ts";

const IMAGE = "redis:7.0.15";
const RUN = `watchdog-test-${process.pid}`;
const LABELS = { "kvchaos.run": RUN };

describe("watchdog, on a real redis", function () {
  this.timeout(600_000);
  let engine: Engine;
  let scope: CleanupScope;
  let network: string;
  let serial = 0;

  before(async () => {
    engine = await connectEngine();
    assert.ok(await engine.inspectImage(IMAGE), `image ${IMAGE} is missing: npm test makes it`);
  });
  beforeEach(async () => {
    scope = new CleanupScope();
    const made = await engine.createNetwork({ name: `${RUN}-net-${++serial}`, labels: LABELS });
    network = made.name;
    scope.defer("remove the network", () => engine.removeNetwork(made.id));
  });
  afterEach(async () => {
    assert.deepEqual(await scope.close(), []);
  });

  interface Server extends MutableNode {
    id: string;
    /** A command whose answer is awaited. */
    ask(...argv: string[]): Promise<void>;
    /** A command that is not expected to be answered. */
    send(...argv: string[]): void;
  }

  async function server(name: string): Promise<Server> {
    const [port] = (await engine.freePorts(1)) as [number];
    const { command } = redis.launch({ "enable-debug-command": "yes", "busy-reply-threshold": "0", save: "" });
    const id = await engine.createContainer({
      name: `${RUN}-${name}-${++serial}`,
      image: IMAGE,
      command,
      labels: LABELS,
      networks: [{ name: network, aliases: [name] }],
      ports: [{ container: redis.port, host: port }],
    });
    scope.defer(`remove ${name}`, () => engine.remove(id));
    await engine.start(id);
    const node = mutableNode(name, port);
    const refresh = async (): Promise<void> => {
      const info = await engine.inspectContainer(id);
      if (!info) return;
      node.pid = engine.info.local ? info.pid : null;
      node.container = { running: info.running, paused: info.paused, exitCode: info.exitCode };
    };
    await refresh();
    const timer = setInterval(() => void refresh().catch(() => {}), 200);
    scope.defer("stop looking at the container", () => clearInterval(timer));
    const address = { host: "127.0.0.1", port };
    const ask = async (...argv: string[]): Promise<void> => {
      await adminCommand(address, argv, { within: 5000 });
    };
    await until({ what: `${name} to answer`, within: 120_000 }, async () => {
      await ask("PING");
      return true;
    });
    const send = (...argv: string[]): void => {
      const socket = connect(address, () => socket.write(encodeCommand(argv)));
      socket.on("error", () => {});
      scope.defer("close a connection", () => {
        socket.destroy();
      });
    };
    return Object.assign(node, { id, ask, send });
  }

  async function watch(...nodes: Server[]): Promise<Recording> {
    return watchWith({}, ...nodes);
  }

  async function watchWith(settings: { hangAfter?: number }, ...nodes: Server[]): Promise<Recording> {
    const control = await server("control");
    control.role = "control";
    const recording = await record([...nodes, control], { stallAfter: 2000, ...settings });
    scope.defer("stop the watchdog", () => recording.stop());
    for (const { name } of nodes) await recording.becomes(name, "healthy");
    recording.watchdog.calibrated();
    // Two readings of the healthy process show which threads answer.
    await until({ what: "readings", within: 120_000 }, () => recording.of("process").length >= 3 * (nodes.length + 1));
    return recording;
  }

  it("finds DEBUG SLEEP deadlocked, and healthy afterwards", async () => {
    const m1 = await server("m1");
    // Long: a test process that gets no CPU for two seconds reads nothing of the server in that time.
    const { becomes, path, of } = await watchWith({ hangAfter: 4000 }, m1);
    m1.send("DEBUG", "SLEEP", "10");
    const { why } = await becomes("m1", "deadlocked");
    assert.match(why, /no answer on \d+ of \d+ connections.*0\.0\d cores/);
    await becomes("m1", "healthy");
    assert.deepEqual(path("m1"), ["unknown", "healthy", "deadlocked", "healthy"]);
    const hang = of("condition").find(({ now }) => now === "deadlocked") ?? assert.fail("no event");
    assert.ok(hang.t - hang.since >= 4000, `confirmed after ${hang.t - hang.since} ms`);
  });

  it("finds an endless script livelocked", async () => {
    const m1 = await server("m1");
    const { becomes, path } = await watch(m1);
    m1.send("EVAL", "while true do end", "0");
    assert.match((await becomes("m1", "livelocked")).why, /cores used/);
    assert.deepEqual(path("m1"), ["unknown", "healthy", "livelocked"]);
  });

  it("tells a pause of ours from a stop by somebody else", async () => {
    const m1 = await server("m1");
    const { becomes, path, of } = await watch(m1);
    m1.claimed = "paused";
    await engine.pause(m1.id);
    await becomes("m1", "paused");
    const seen = of("self").length;
    await until({ what: "longer than hangAfter", within: 120_000 }, () => of("self").length >= seen + 3);
    await engine.unpause(m1.id);
    m1.claimed = null;
    await becomes("m1", "healthy");
    assert.deepEqual(path("m1"), ["unknown", "healthy", "paused", "healthy"]);

    await engine.kill(m1.id, "SIGSTOP");
    const { why } = await becomes("m1", "deadlocked");
    if (m1.pid !== null) assert.match(why, /state is T \(stopped\)/);
    await engine.kill(m1.id, "SIGCONT");
    await becomes("m1", "healthy");
  });

  it("finds a killed server dead with its exit code, and down when we did it", async () => {
    const m1 = await server("m1");
    const { becomes, path } = await watch(m1);
    m1.claimed = "down";
    await engine.kill(m1.id, "SIGKILL");
    await becomes("m1", "down");
    await until({ what: "the container to stop", within: 120_000 }, () => !m1.container.running);
    await engine.start(m1.id);
    await until({ what: "the container to run", within: 120_000 }, () => m1.container.running);
    m1.claimed = null;
    await becomes("m1", "healthy");
    await engine.kill(m1.id, "SIGKILL");
    const { why } = await becomes("m1", "dead");
    assert.match(why, /exit code 137|process is gone/);
    assert.deepEqual(path("m1"), ["unknown", "healthy", "down", "healthy", "dead"]);
  });

  it("finds a replica stalled that no longer follows its master, and healthy when it does again", async () => {
    const m1 = await server("m1");
    const r1 = await server("r1");
    Object.assign(r1, { role: "replica", master: "m1" });
    await r1.ask("REPLICAOF", "m1", "6379");
    const { becomes, path, watchdog } = await watch(m1, r1);
    await until({ what: "the link", within: 120_000 }, () => watchdog.state("r1")?.link === "up");
    // Nobody listens there: the link stays down while the probes' own writes move the master.
    await r1.ask("REPLICAOF", "127.0.0.1", "1");
    assert.match((await becomes("r1", "stalled")).why, /link down.*master m1 moved/);
    await r1.ask("REPLICAOF", "m1", "6379");
    await becomes("r1", "healthy", 20_000);
    assert.deepEqual(path("m1"), ["unknown", "healthy"]);
  });

  it("finds a server that holds back its clients a hang (CLIENT PAUSE)", async () => {
    const m1 = await server("m1");
    const { becomes } = await watch(m1);
    await m1.ask("CLIENT", "PAUSE", "3000", "ALL");
    assert.match((await becomes("m1", "unresponsive")).why, /0\.0\d cores used/);
    await becomes("m1", "healthy");
    // Only writes are held back: PING and GET answer.
    await m1.ask("CLIENT", "PAUSE", "4000", "WRITE");
    assert.match((await becomes("m1", "partial")).why, /1 write/);
    await becomes("m1", "healthy");
  });

  it("finds a server under load healthy, and only that", async () => {
    const m1 = await server("m1");
    const { path, of } = await watch(m1);
    const batch = Buffer.concat(
      Array.from({ length: 64 }, (_, i) => encodeCommand(["SET", `key:${i}`, "x".repeat(100)])),
    );
    for (let i = 0; i < 4; i++) {
      const socket = connect({ host: "127.0.0.1", port: m1.port }, () => socket.write(batch));
      let pending = batch.length > 0 ? 64 * 5 : 0; // "+OK\r\n" each
      socket.on("error", () => {});
      socket.on("data", (chunk) => {
        pending -= chunk.length;
        if (pending > 0) return;
        pending = 64 * 5;
        socket.write(batch);
      });
      scope.defer("close a load connection", () => {
        socket.destroy();
      });
    }
    const seen = of("self").length;
    await until({ what: "some seconds of load", within: 120_000 }, () => of("self").length >= seen + 4);
    assert.deepEqual(path("m1"), ["unknown", "healthy"]);
    assert.deepEqual(path("control"), ["unknown", "healthy"]);
  });
});
