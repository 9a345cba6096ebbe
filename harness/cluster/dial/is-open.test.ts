import assert from "node:assert/strict";
import { createServer } from "node:net";
import { hasListener, isOpen } from "./is-open.ts";

const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:24A3 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0100007F:1F90 0100007F:24A3 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0 20 4 30 10 -1
`;

describe("who listens on a port", () => {
  it("is read from the kernel's table: a connection on it does not count", () => {
    assert.equal(hasListener(TABLE, 9379), true);
    assert.equal(hasListener(TABLE, 8080), false);
    assert.equal(hasListener(TABLE, 379), false);
  });

  it("is seen of a process of this machine, and of none that is gone", async () => {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const { port } = server.address() as { port: number };
    assert.equal(isOpen(process.pid, port), true);
    await new Promise((done) => server.close(done));
    assert.equal(isOpen(process.pid, port), false);
    assert.equal(isOpen(null, port), false);
    assert.equal(isOpen(process.pid, 0), true);
    assert.equal(isOpen(2 ** 30, port), false);
  });
});
