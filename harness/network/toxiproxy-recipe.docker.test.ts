import assert from "node:assert/strict";
import { until } from "../base/deadline.ts";
import { CleanupScope } from "../base/scope.ts";
import { connectEngine, type Engine } from "../docker/engine.ts";
import { ensureImage } from "../images/ensure-image.ts";
import { TOXIPROXY_IMAGE, toxiproxyRecipe } from "./toxiproxy-recipe.ts";

const RUN = `toxiproxy-recipe-test-${process.pid}`;

describe("the Toxiproxy image", function () {
  this.timeout(600_000);
  let engine: Engine;
  let scope: CleanupScope;

  before(async () => {
    engine = await connectEngine();
    await ensureImage({ engine, name: TOXIPROXY_IMAGE, recipe: toxiproxyRecipe, log: () => {} });
  });
  beforeEach(() => {
    scope = new CleanupScope();
  });
  afterEach(async () => {
    assert.deepEqual(await scope.close(), []);
  });

  it("answers on its API, says the version of its tag, and stops on SIGTERM within two seconds", async () => {
    const labels = { "kvchaos.run": RUN };
    const network = await engine.createNetwork({ name: RUN, labels });
    scope.defer("remove the network", () => engine.removeNetwork(network.id));
    const [port] = await engine.freePorts(1);
    const id = await engine.createContainer({
      name: RUN,
      image: TOXIPROXY_IMAGE,
      labels,
      networks: [{ name: RUN }],
      ports: [{ container: 8474, host: port as number }],
    });
    scope.defer("remove the container", () => engine.remove(id));
    await engine.start(id);
    const version = await until({ what: "the API's answer", within: 120_000 }, async (signal) => {
      const answer = await fetch(`http://127.0.0.1:${port}/version`, { signal });
      return answer.ok && (await answer.text());
    });
    assert.equal(JSON.parse(version).version, TOXIPROXY_IMAGE.split(":")[1]);
    await engine.stop(id, 10);
    // 137 would be the engine's SIGKILL after ten seconds.
    assert.notEqual((await engine.inspectContainer(id))?.exitCode, 137);
  });
});
