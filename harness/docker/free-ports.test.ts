import assert from "node:assert/strict";
import { createServer } from "node:net";
import { freePorts } from "./free-ports.ts";

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
});
