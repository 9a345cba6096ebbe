import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { until } from "../../base/deadline.ts";
import { connectEngine, type Engine } from "../../docker/engine.ts";
import { adminCommand } from "../../resp/admin.ts";
import { KvchaosProcess, kvchaos, leftOf, untilNobodyCleans } from "../../testing/kvchaos-process.support.ts";

const CONTROL = path.join(import.meta.dirname, "../../../experiments/redis/controls/two-masters.yaml");

describe("kvchaos up", function () {
  this.timeout(600_000);
  let engine: Engine;
  let next: () => Promise<void>;

  before(async () => {
    engine = await connectEngine();
  });
  beforeEach(async () => {
    next = await untilNobodyCleans();
  });
  afterEach(() => next());

  const up = async (replicas = 0) => {
    const running = new KvchaosProcess(["up", `{ masters: 1, replicas: ${replicas} }`, "--image", "redis:7.0.15"]);
    const [, run = ""] = await running.said(/Ctrl-C.* removes (up-[0-9a-f]+)/, 300_000);
    return { running, run };
  };
  const of = (run: string) => engine.listByLabel(`kvchaos.run=${run}`);
  const nothing = { containers: [], networks: [], volumes: [] };

  it("prints addresses that answer, directly and through the links, on 127.0.0.1 only; Ctrl-C removes it all", async () => {
    const { running, run } = await up(2);
    assert.equal((await of(run)).containers.length, 5);
    running.child.kill("SIGINT");
    const finished = await running.finished;
    assert.deepEqual(await of(run), nothing);
    const links = [...finished.stdout.matchAll(/(\S+ -> \S+)\s+127\.0\.0\.1:(\d+)/g)];
    assert.equal(links.length, 9, finished.stdout);
    assert.match(finished.stdout, /m1\s+master\s+127\.0\.0\.1:\d+/);
    assert.match(finished.stdout, /r2\s+replica of m1\s+127\.0\.0\.1:\d+/);
    assert.doesNotMatch(finished.stdout, /0\.0\.0\.0/);
  });

  it("leaves nothing behind when it is killed with SIGKILL, or left at once by a second Ctrl-C", async () => {
    for (const signals of [["SIGKILL"], ["SIGINT", "SIGINT"]] as const) {
      const { running, run } = await up();
      for (const signal of signals) running.child.kill(signal);
      await running.finished;
      await until({ what: `the end of ${run} after ${signals.join(", ")}`, within: 120_000, every: 250 }, async () => {
        return Object.values(await of(run)).flat().length === 0;
      });
    }
  });

  it("is removed by `kvchaos clean` from another terminal, and then ends", async () => {
    const { running, run } = await up();
    const node = (await of(run)).containers.find(({ labels }) => labels["kvchaos.node"] === "m1");
    const ports = (await engine.inspectContainer(node?.id ?? ""))?.ports ?? {};
    const reply = await adminCommand({ host: "127.0.0.1", port: ports["6379"] ?? 0 }, ["PING"], { within: 5_000 });
    assert.equal(String(reply), "PONG");
    const clean = await kvchaos(["clean"]);
    assert.equal(clean.code, 0, clean.stderr);
    assert.match(clean.stdout, new RegExp(`${run}: 3 containers`));
    await running.finished;
    assert.deepEqual(await of(run), nothing);
  });
});

/** A door to the real daemon that can be shut. */
async function door(file: string): Promise<{ shut(): void; open(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((inner) => {
    const outer = connect("/var/run/docker.sock");
    for (const socket of [inner, outer]) {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
      socket.on("error", () => {});
    }
    inner.pipe(outer).pipe(inner);
  });
  const open = () => new Promise<void>((resolve) => server.listen(file, resolve));
  await open();
  return {
    open,
    shut: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

describe("a daemon that goes away", function () {
  this.timeout(600_000);

  it("ends the run with exit 4 and a clear message; when it is back, the reaper has removed everything", async () => {
    const engine = await connectEngine();
    const socket = path.join(tmpdir(), `kvchaos-door-${process.pid}.sock`);
    const reports = `${socket}-reports`;
    const daemon = await door(socket);
    try {
      const running = new KvchaosProcess(["run", CONTROL, "--image", "redis:7.0.15", "--reports", reports], {
        DOCKER_HOST: `unix://${socket}`,
      });
      await running.said(/── chaos/, 300_000);
      daemon.shut();
      const { code, stderr } = await running.finished;
      assert.equal(code, 4, stderr);
      assert.match(stderr, /Docker daemon/);
      await daemon.open();
      await until({ what: "the reaper to clean up", within: 120_000, every: 500 }, async () => {
        return (await leftOf(engine, running.child.pid)).length === 0;
      });
    } finally {
      daemon.shut();
      await rm(reports, { recursive: true, force: true });
      await rm(socket, { force: true });
    }
  });
});
