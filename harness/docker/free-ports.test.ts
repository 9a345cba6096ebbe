import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import { promisify } from "node:util";
import { freePorts, releasePorts } from "./free-ports.ts";

/** Is the UDP port of that number free for others? */
async function unreserved(port: number): Promise<boolean> {
  const socket = createSocket("udp4");
  try {
    socket.bind(port, "127.0.0.1");
    await once(socket, "listening");
    return true;
  } catch {
    return false;
  } finally {
    socket.close();
  }
}

describe("freePorts", () => {
  it("gives different ports that can be bound, below the ephemeral range, never one twice", async () => {
    const ports = [...(await freePorts(20)), ...(await freePorts(20))];
    assert.equal(new Set(ports).size, 40);
    for (const port of ports) {
      assert.ok(port >= 15_000 && port < 65_536);
      const server = createServer();
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(port, "127.0.0.1", resolve);
      });
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it("keeps them from other harnesses until they are given back", async () => {
    const ports = await freePorts(3);
    for (const port of ports) assert.equal(await unreserved(port), false);
    releasePorts(ports);
    for (const port of ports) assert.equal(await unreserved(port), true);
  });

  it("keeps no process alive, and loses them with it", async () => {
    const module = JSON.stringify(new URL("./free-ports.ts", import.meta.url).href);
    const code = `import { freePorts } from ${module}; console.log(JSON.stringify(await freePorts(3)));`;
    const loader = new URL("../base/typescript/register.mjs", import.meta.url).href;
    const args = ["--import", loader, "--input-type=module", "--eval", code];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname, timeout: 50_000 });
    const ports: number[] = JSON.parse(stdout);
    assert.equal(ports.length, 3);
    for (const port of ports) assert.equal(await unreserved(port), true);
  });
});
