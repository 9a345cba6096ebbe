import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureEngine } from "./install-engine.ts";

describe("ensuring a Docker engine", () => {
  let server: Server;
  let folder: string;
  let asked: string[];
  const hostBefore = process.env.DOCKER_HOST;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "kvchaos-engine-"));
    asked = [];
    server = createServer((question, answer) => {
      asked.push(question.url ?? "");
      answer.end("OK");
    });
  });
  afterEach(async () => {
    if (hostBefore === undefined) delete process.env.DOCKER_HOST;
    else process.env.DOCKER_HOST = hostBefore;
    server.close();
    await rm(folder, { recursive: true, force: true });
  });
  const refuse = () => {
    throw new Error("there was nothing to do");
  };

  it("does nothing when the daemon of DOCKER_HOST answers on a socket", async () => {
    const path = join(folder, "docker.sock");
    await once(server.listen(path), "listening");
    process.env.DOCKER_HOST = `unix://${path}`;
    await ensureEngine({ log: refuse });
    assert.deepEqual(asked, ["/_ping"]);
  });

  it("does nothing when the daemon of DOCKER_HOST answers on a port", async () => {
    await once(server.listen(0, "127.0.0.1"), "listening");
    process.env.DOCKER_HOST = `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await ensureEngine({ log: refuse });
    assert.deepEqual(asked, ["/_ping"]);
  });

  it("installs nothing when DOCKER_HOST names a daemon that is gone", async () => {
    process.env.DOCKER_HOST = `unix://${join(folder, "gone.sock")}`;
    await assert.rejects(ensureEngine({ log: refuse }), (error: Error & { code?: string; hint?: string }) => {
      assert.equal(error.code, "infrastructure");
      assert.match(error.message, /DOCKER_HOST=.*gone\.sock/);
      assert.match(error.hint ?? "", /unset DOCKER_HOST/);
      return true;
    });
  });
});
