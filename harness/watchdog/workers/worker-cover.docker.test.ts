import assert from "node:assert/strict";
import { connect } from "node:net";
import { until } from "../../base/deadline.ts";
import { CleanupScope } from "../../base/scope.ts";
import { connectEngine, type Engine } from "../../docker/engine.ts";
import { adminCommand } from "../../resp/admin.ts";
import { encodeCommand } from "../../resp/encode.ts";
import { kvrocks } from "../../systems/kvrocks.ts";
import { skip } from "../../testing/skip.support.ts";
import { type MutableNode, mutableNode, type Recording, record } from "../../testing/watch-recorder.support.ts";

const IMAGES = ["apache/kvrocks:2.9.0", "apache/kvrocks:2.11.0"];
const RUN = `worker-cover-test-${process.pid}`;
const LABELS = { "kvchaos.run": RUN };
const WORKERS = 8;
const KEYS = 20_000;

describe("worker cover, on a real Kvrocks with eight workers", function () {
  this.timeout(600_000);
  let engine: Engine;
  let scope: CleanupScope;
  let node: MutableNode;
  let recording: Recording;

  before(async function () {
    engine = await connectEngine();
    const image = await firstImage(engine);
    if (!image) skip(this, "no Kvrocks image on this machine: `kvchaos images wrap --system kvrocks` makes one");
    if (!engine.info.local) skip(this, "the engine's processes are not in this machine's /proc");
    scope = new CleanupScope();
    const network = await engine.createNetwork({ name: `${RUN}-net`, labels: LABELS });
    scope.defer("remove the network", () => engine.removeNetwork(network.id));
    const [port] = (await engine.freePorts(1)) as [number];
    const { command } = kvrocks.launch({ workers: String(WORKERS) });
    const id = await engine.createContainer({
      name: RUN,
      image,
      command,
      labels: LABELS,
      networks: [{ name: network.name }],
      ports: [{ container: kvrocks.port, host: port }],
    });
    scope.defer("remove the server", () => engine.remove(id));
    await engine.start(id);
    node = mutableNode("m1", port, {
      system: kvrocks,
      pid: (await engine.inspectContainer(id))?.pid ?? null,
    });
    await until({ what: "an answer", within: 120_000 }, () => adminCommand(address(), ["PING"], { within: 1000 }));
  });
  beforeEach(async () => {
    recording = await record([node], { connections: 4, interval: 50 });
    await recording.becomes("m1", "healthy");
  });
  afterEach(() => recording?.stop());
  after(async () => {
    if (scope) assert.deepEqual(await scope.close(), []);
  });
  const address = () => ({ host: "127.0.0.1", port: node.port });

  it("puts a connection on every worker, and proves it through /proc", async () => {
    const { watchdog, of, path } = recording;
    await watchdog.cover();
    const [cover] = of("cover");
    assert.ok(cover);
    assert.deepEqual([cover.workers, cover.covered, cover.proof, cover.why], [WORKERS, WORKERS, "proc", null]);
    assert.ok(cover.connections >= WORKERS, `${cover.connections} connections`);
    assert.deepEqual(path("m1"), ["unknown", "healthy"]);
  });

  it("argues by numbers where /proc cannot be read", async () => {
    const { pid } = node;
    node.pid = null;
    try {
      await recording.watchdog.cover();
    } finally {
      node.pid = pid;
    }
    const [cover] = recording.of("cover");
    assert.ok(cover);
    assert.deepEqual([cover.workers, cover.covered, cover.proof], [WORKERS, null, "numbers"]);
    assert.ok(cover.connections >= 8 * WORKERS && (cover.chance ?? 0) > 0.99, JSON.stringify(cover));
    assert.match(cover.why ?? "", /not known on this host/);
  });

  it("names the one worker that does not answer while the others do", async () => {
    const { watchdog, of, becomes } = recording;
    await watchdog.cover();
    const load = Array.from({ length: KEYS }, (_, i) => encodeCommand(["SET", `some-longer-key-to-list:${i}`, "x"]));
    const busy = connect(address());
    scope.defer("close the busy connection", () => {
      busy.destroy();
    });
    let replies = 0;
    busy.on("data", (chunk) => {
      replies += chunk.length;
    });
    busy.write(Buffer.concat(load));
    await until({ what: "the keys", within: 120_000 }, () => replies >= KEYS * 5);
    // A worker answers all that one connection has sent before it looks at another one.
    busy.write(Buffer.concat(Array.from({ length: 400 }, () => encodeCommand(["KEYS", "*"]))));
    const { why } = await becomes("m1", "partial", 15_000);
    assert.match(why, /; 7 of 8 workers answer; silent: worker \d+$/);
    const event = of("condition").at(-1);
    assert.equal(event?.workers?.silent.length, 1);
    assert.equal(event?.workers?.answering, WORKERS - 1);
    busy.destroy();
  });
});

async function firstImage(engine: Engine): Promise<string | undefined> {
  for (const image of IMAGES) if (await engine.inspectImage(image)) return image;
  return undefined;
}
