import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { ChaosError } from "../base/chaos-error.ts";
import { connectEngine } from "./engine.ts";

const VERSION = { Version: "99.0", ApiVersion: "1.99" };
const INFO = { NCPU: 3, MemTotal: 1e9, DockerRootDir: "/d", KernelVersion: "other", Name: "other", CgroupVersion: "2" };

describe("engine, on a daemon that behaves badly", () => {
  let folder: string;
  let server: Server | undefined;
  let host: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "kvchaos-engine-"));
    host = `unix://${folder}/docker.sock`;
  });
  afterEach(async () => {
    server?.closeAllConnections();
    server?.close();
    server = undefined;
    await rm(folder, { recursive: true });
  });

  /** A daemon that answers /version and /info; the rest is up to the test. */
  async function daemon(other: RequestListener): Promise<void> {
    server = createServer((request, response) => {
      if (request.url?.startsWith("/version")) response.end(JSON.stringify(VERSION));
      else if (request.url?.startsWith("/info")) response.end(JSON.stringify(INFO));
      else other(request, response);
    });
    await new Promise<void>((resolve) => server!.listen(host.slice("unix://".length), resolve));
  }

  async function failure(work: Promise<unknown>): Promise<ChaosError> {
    const error = await work.then(
      () => assert.fail("no error"),
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof ChaosError, String(error));
    return error;
  }

  it("says which daemon does not answer, and what to type", async () => {
    const error = await failure(connectEngine({ host }));
    assert.equal(error.code, "infrastructure");
    assert.ok(error.message.includes(host));
    assert.equal(error.hint?.split("\n").length, 3);
  });

  it("takes DOCKER_HOST, and says that it was DOCKER_HOST", async () => {
    const before = process.env.DOCKER_HOST;
    process.env.DOCKER_HOST = host;
    try {
      const error = await failure(connectEngine());
      assert.ok(error.message.includes(host));
      assert.match(error.hint ?? "", /unset DOCKER_HOST/);
      await daemon((_, response) => response.end());
      assert.equal((await connectEngine()).address, host);
    } finally {
      if (before === undefined) delete process.env.DOCKER_HOST;
      else process.env.DOCKER_HOST = before;
    }
  });

  it("refuses an address of no known kind", async () => {
    for (const wrong of ["nonsense", "ftp://x", "unix://", "tcp://"]) {
      assert.equal((await failure(connectEngine({ host: wrong }))).code, "usage");
    }
  });

  it("gives up on a daemon that takes the connection and never answers", async () => {
    server = createServer(() => {});
    await new Promise<void>((resolve) => server!.listen(host.slice("unix://".length), resolve));
    const error = await failure(connectEngine({ host, within: 200 }));
    assert.equal(error.code, "infrastructure");
    assert.match(error.message, /200 ms/);
  });

  it("is not local when kernel and host name are another machine's", async () => {
    await daemon((_, response) => response.end());
    const { info } = await connectEngine({ host });
    assert.equal(info.local, false);
    assert.deepEqual([info.version, info.cores, info.cgroupVersion], ["99.0", 3, "2"]);
  });

  it("gives up on a call that gets no answer, at its deadline", async () => {
    await daemon(() => {});
    const engine = await connectEngine({ host });
    const error = await failure(engine.start("m1", { within: 100 }));
    assert.equal(error.code, "timeout");
    assert.match(error.message, /start container m1/);
  });

  it("says that the daemon went away when it drops a call, and when it is gone", async () => {
    await daemon((request) => request.socket.destroy());
    const engine = await connectEngine({ host });
    for (let i = 0; i < 2; i++) {
      const error = await failure(engine.stop("m1", 1));
      assert.equal(error.code, "infrastructure");
      assert.match(error.message, /daemon at unix:.* went away: could not stop container m1/);
      assert.match(error.hint ?? "", /kvchaos clean/);
      await new Promise((resolve) => server!.close(resolve));
    }
  });

  it("tells who follows logs or events that the daemon went away", async () => {
    await daemon((_, response) => {
      response.writeHead(200, { "Content-Type": "application/octet-stream" });
      response.flushHeaders();
      setImmediate(() => response.destroy());
    });
    const engine = await connectEngine({ host });
    const log = await engine.followLogs("m1", {}, () => {});
    assert.match((await failure(log.done)).message, /went away: could not follow the log of container m1/);
    const events = await engine.events({ labels: [] }, () => {});
    assert.match((await failure(events.done)).message, /went away: could not follow the engine's events/);
  });

  it("takes an end of the events for the daemon's end", async () => {
    await daemon((_, response) => response.end());
    const engine = await connectEngine({ host });
    const events = await engine.events({ labels: [] }, () => {});
    assert.match((await failure(events.done)).message, /went away/);
  });

  it("passes on what the daemon says, with a hint where it has one", async () => {
    let reply = { status: 500, message: "" };
    await daemon((_, response) => {
      response.writeHead(reply.status, { "Content-Type": "application/json" });
      response.end(JSON.stringify({ message: reply.message }));
    });
    const engine = await connectEngine({ host });
    const cases: [number, string, RegExp | undefined][] = [
      [
        500,
        "driver failed: Bind for 127.0.0.1:7001 failed: port is already allocated",
        /Port 7001 on 127\.0\.0\.1 is in use/,
      ],
      [500, "listen tcp4 127.0.0.1:7002: bind: address already in use", /Port 7002 on 127\.0\.0\.1 is in use/],
      [404, "No such container: m1", /was removed/],
      [500, "write /x: no space left on device", /disk is full/],
      [403, "network n has active endpoints", /lost count.*kvchaos clean/],
      [500, "something new", undefined],
    ];
    for (const [status, message, hint] of cases) {
      reply = { status, message };
      const error = await failure(engine.start("m1"));
      assert.equal(error.code, "infrastructure");
      assert.equal(error.message, `Docker could not start container m1: ${message}`);
      if (hint) assert.match(error.hint ?? "", hint);
      else assert.equal(error.hint, undefined);
    }
  });

  it("takes a failure in the middle of a pull for one", async () => {
    await daemon((_, response) => {
      response.write('{"status":"Pulling","id":"a","progressDetail":{"current":1,"total":2}}\n');
      response.end('{"error":"manifest unknown"}\n');
    });
    const engine = await connectEngine({ host });
    const progress: unknown[] = [];
    const error = await failure(engine.pullImage("redis:none", { onProgress: (line) => progress.push(line) }));
    assert.equal(error.message, "Docker could not pull image redis:none: manifest unknown");
    assert.match(error.hint ?? "", /images list/);
    assert.deepEqual(progress, [{ layer: "a", status: "Pulling", current: 1, total: 2 }]);
  });

  it("asks for another range when somebody took the network's in between", async () => {
    const bodies: string[] = [];
    let explicit = 0;
    await daemon(async (request, response) => {
      let body = "";
      for await (const chunk of request) body += chunk;
      if (request.url?.startsWith("/networks/create")) {
        bodies.push(body);
        const refuse = body.includes("Subnet") && ++explicit === 1;
        response.writeHead(refuse ? 403 : 201);
        response.end(
          JSON.stringify(refuse ? { message: "Pool overlaps with other one on this address space" } : { Id: "n" }),
        );
      } else if (request.method === "DELETE") response.writeHead(204).end();
      else response.end(JSON.stringify({ IPAM: { Config: [{ Subnet: `10.0.${bodies.length}.0/24` }] } }));
    });
    const engine = await connectEngine({ host });
    const network = await engine.createNetwork({ name: "data", labels: {}, internal: true });
    assert.deepEqual(network, { id: "n", name: "data", subnet: "10.0.3.0/24" });
    assert.equal(bodies.length, 4);
    assert.match(bodies[3] ?? "", /"Internal":true.*10\.0\.3\.0/);
  });
});
