import assert from "node:assert/strict";
import { monotonicClock } from "../../base/clock.ts";
import { until } from "../../base/deadline.ts";
import { RespError } from "../../resp/reply.ts";
import { FakeCluster } from "../../testing/fake-cluster.support.ts";
import { FakeServer } from "../../testing/fake-server.support.ts";
import { plannedParams } from "../../testing/planned-params.support.ts";
import { largestIn, SlowClient, slowReader } from "./slow-reader.ts";

const RATE = 20_000;
const never = new AbortController().signal;

describe("the slow client", () => {
  let server: FakeServer;
  let client: SlowClient | undefined;
  const lost: string[] = [];

  beforeEach(async () => {
    server = await FakeServer.start();
    server.on("ECHO", (argv) => argv[1] ?? null);
    lost.length = 0;
  });
  afterEach(async () => {
    client?.close();
    await server.stop();
  });

  const open = async (pending = 4_000_000): Promise<SlowClient> => {
    const { host, port } = server;
    client = await SlowClient.open({
      host,
      port,
      rate: RATE,
      pending,
      signal: never,
      onLost: (why) => void lost.push(why),
    });
    return client;
  };

  it("asks for everything at once and reads no faster than it should", async () => {
    const started = performance.now();
    const slow = await open();
    await until({ what: "four reads", within: 60_000, every: 20 }, () => slow.read >= 4 * (RATE / 10));
    const ticks = (performance.now() - started) / 100;
    assert.ok(slow.read <= (ticks + 2) * (RATE / 10), `${slow.read} bytes in ${ticks} tenths of a second`);
    await until({ what: "every question", within: 60_000 }, () => server.received.get("ECHO") === 62);
    assert.equal(slow.trouble, null);
    slow.close();
    assert.deepEqual(lost, []);
  });

  it("says that the server refused", async () => {
    server.on("ECHO", () => new RespError("NOAUTH Authentication required."));
    const slow = await open(1);
    await until({ what: "a refusal", within: 60_000 }, () => slow.trouble !== null);
    assert.match(slow.trouble ?? "", /^-NOAUTH/);
  });

  it("tells when the server has thrown it out", async () => {
    server.on("ECHO", () => ({ do: "reset" }));
    await open(1);
    await until({ what: "the end", within: 60_000 }, () => lost.length > 0);
    assert.equal(lost.length, 1);
    assert.ok(client?.trouble);
  });

  it("rejects when nobody listens", async () => {
    await server.stop();
    await assert.rejects(open(), /the slow reader: .*ECONNREFUSED/);
  });
});

describe("slow-reader", () => {
  const inject = async (links: string[], cluster = new FakeCluster(["m1"], { r1: "m1", r2: "m1" })) => {
    const undo: (() => Promise<void>)[] = [];
    const params = plannedParams(slowReader, { links, rate: "10KB" });
    const injected = await slowReader.inject(
      {
        id: "slow#1",
        cluster,
        clock: monotonicClock(),
        signal: never,
        onHeal: (_what, step) => void undo.push(step),
        claim: () => () => {},
        heldBy: () => null,
        keep: async (file: string) => file,
        pausing: () => () => {},
        note: () => {},
        emit: () => {},
        capture: async () => {},
      },
      params,
    );
    return { cluster, injected, heal: () => Promise.all(undo.map((step) => step())) };
  };

  it("caps what a replica reads, and nothing of what it sends", async () => {
    const { cluster, injected, heal } = await inject(["r1 -> master"]);
    assert.deepEqual(cluster.said, ["toxic slow#1-to-replica: bandwidth on r1 -> m1 (to-replica)"]);
    assert.deepEqual(injected.targets, ["r1 -> m1"]);
    await heal();
    assert.equal(cluster.said.at(-1), "no toxic slow#1-to-replica on r1 -> m1");
  });

  it("has no effect on a link that the replica does not use", async () => {
    const { injected } = await inject(["r1 -> r2"]);
    assert.deepEqual(await injected.effect(), { measured: false, summary: "r1 does not replicate from r2" });
  });

  it("refuses rates that Toxiproxy cannot do, and `pending` of a replica", () => {
    const accepts = (written: object): boolean => slowReader.parameters.written.safeParse(written).success;
    assert.equal(accepts({ links: ["r1 -> m1"], rate: "999B" }), false);
    assert.equal(accepts({ links: ["r1 -> m1"], rate: "1KB", pending: "1MB" }), false);
    assert.equal(accepts({ links: ["client -> m1"], rate: "1KB", pending: "1MB" }), true);
  });

  it("finds the largest output buffer in what Redis and Kvrocks say", () => {
    assert.equal(
      largestIn("id=3 addr=1.2.3.4:5 qbuf=0 oll=3 omem=61512 cmd=echo\nid=4 omem=0 cmd=client|list\n"),
      61_512,
    );
    assert.equal(largestIn("id=8 addr=1.2.3.4:5 fd=44 flags=N qbuf=0 obuf=4096 cmd=echo\n"), 4096);
    assert.equal(largestIn("addr=1.2.3.4:5 fd=12 idle=0\n"), null);
  });
});
