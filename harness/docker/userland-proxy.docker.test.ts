import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { CleanupScope } from "../base/scope.ts";
import { connectEngine } from "./engine.ts";

const IMAGE = "redis:7.0.15";
const RUN = `userland-proxy-test-${process.pid}`;

/** Is there a docker-proxy for this port of 127.0.0.1? */
function isProxied(port: number): boolean {
  return readdirSync("/proc").some((pid) => {
    try {
      const argv = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      return /docker-proxy$/.test(argv[0] ?? "") && argv[argv.indexOf("-host-port") + 1] === `${port}`;
    } catch {
      return false; // no process, or it is gone
    }
  });
}

describe("docker-proxy, on a real engine", function () {
  this.timeout(600_000);

  it("is there for a published port if the engine's configuration says so, and only then", async function () {
    const engine = await connectEngine();
    if (engine.info.userlandProxy === null) this.skip();
    const scope = new CleanupScope();
    try {
      const labels = { "kvchaos.run": RUN };
      const network = await engine.createNetwork({ name: RUN, labels });
      scope.defer("remove the network", () => engine.removeNetwork(network.id));
      const [port = 0] = await engine.freePorts(1);
      scope.defer("give the port back", async () => engine.releasePorts([port]));
      const id = await engine.createContainer({
        name: RUN,
        image: IMAGE,
        labels,
        networks: [{ name: RUN }],
        ports: [{ container: 6379, host: port }],
      });
      scope.defer("remove the container", () => engine.remove(id));
      await engine.start(id);
      assert.equal(isProxied(port), engine.info.userlandProxy);
    } finally {
      assert.deepEqual(await scope.close(), []);
    }
  });
});
