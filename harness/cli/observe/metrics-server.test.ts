import assert from "node:assert/strict";
import { RunMetrics } from "../../report/metrics/run-metrics.ts";
import { readListenAddress, serveMetrics } from "./metrics-server.ts";

describe("metrics for Prometheus", () => {
  it("are for this machine alone", () => {
    assert.deepEqual(readListenAddress("9464"), { host: "127.0.0.1", port: 9464 });
    assert.deepEqual(readListenAddress("[::1]:1"), { host: "::1", port: 1 });
    assert.equal(readListenAddress("localhost:0").host, "localhost");
    for (const text of ["0.0.0.0:9464", "example.org:9464", "[::]:9464", "127.0.0.1.example.org:1"])
      assert.throws(() => readListenAddress(text), {
        code: "usage",
        message: `--metrics ${text}: only this machine may ask`,
      });
    for (const text of ["x", "127.0.0.1", "127.0.0.1:70000", "127.0.0.1:-1", ":1"])
      assert.throws(() => readListenAddress(text), { code: "usage", message: `--metrics ${text}: expected HOST:PORT` });
  });

  it("are served until it is closed; a port that is in use is told", async () => {
    const server = await serveMetrics({ host: "127.0.0.1", port: 0 }, new RunMetrics());
    try {
      const answer = await fetch(`http://${server.where}/metrics`);
      assert.match(answer.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
      assert.match(await answer.text(), /^kvchaos_info\{version="[\d.]+"\} 1$/m);
      assert.equal((await fetch(`http://${server.where}/`)).status, 404);
      const port = Number(server.where.split(":").at(-1));
      await assert.rejects(serveMetrics({ host: "127.0.0.1", port }, new RunMetrics()), {
        code: "infrastructure",
        message: `metrics cannot be served on 127.0.0.1:${port}: another program listens there`,
      });
    } finally {
      await server.close();
    }
    await assert.rejects(fetch(`http://${server.where}/metrics`));
  });
});
