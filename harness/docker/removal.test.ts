import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { removeAttached } from "./removal.ts";

/** Notes what it is told, and how many containers left a network, or ended while they were in one, at the same time. */
class FakeEngine {
  readonly told: string[] = [];
  readonly #inside: Map<string, Set<string>>;
  readonly #leaving = new Map<string, number>();
  readonly #refuse: ReadonlySet<string>;
  most = 0;

  constructor(containers: readonly string[], networks: readonly string[], refuse: readonly string[] = []) {
    this.#inside = new Map(networks.map((network) => [network, new Set(containers)]));
    this.#refuse = new Set(refuse);
  }

  async disconnectNetwork(network: string, container: string): Promise<void> {
    await this.#do(`disconnect ${container} ${network}`);
    await this.#leave(network, container);
  }

  async remove(container: string): Promise<void> {
    await this.#do(`remove ${container}`);
    await Promise.all([...this.#inside.keys()].map((network) => this.#leave(network, container)));
  }

  async removeNetwork(network: string): Promise<void> {
    await this.#do(`remove ${network}`);
    if (this.#inside.get(network)?.size) throw new Error(`${network} has active endpoints`);
  }

  async #do(what: string): Promise<void> {
    this.told.push(what);
    await setImmediate();
    if (this.#refuse.has(what)) throw new Error(`no ${what}`);
  }

  async #leave(network: string, container: string): Promise<void> {
    if (!this.#inside.get(network)?.has(container)) return;
    const now = (this.#leaving.get(network) ?? 0) + 1;
    this.#leaving.set(network, now);
    this.most = Math.max(this.most, now);
    await setImmediate();
    this.#inside.get(network)?.delete(container);
    this.#leaving.set(network, now - 1);
  }
}

describe("removal of containers and their networks", () => {
  const [containers, networks] = [
    ["m1", "r1", "r2"],
    ["data", "admin"],
  ];

  it("lets no two containers leave a network at the same time, and has all removed at once afterwards", async () => {
    const engine = new FakeEngine(containers, networks);
    const { removed, failures } = await removeAttached(engine, { containers, networks });
    assert.deepEqual(failures, []);
    assert.deepEqual(removed.sort(), [...containers, ...networks].sort());
    assert.equal(engine.most, 1);
    assert.deepEqual(
      engine.told.slice(6),
      [...containers, ...networks].map((name) => `remove ${name}`),
    );
  });

  it("removes one that cannot be taken off a network alone, before the others", async () => {
    const engine = new FakeEngine(containers, networks, ["disconnect r1 data"]);
    const { failures } = await removeAttached(engine, { containers, networks });
    assert.deepEqual(failures, []);
    assert.equal(engine.most, 1);
    assert.equal(engine.told[6], "remove r1");
    assert.equal(engine.told.filter((what) => what === "remove r1").length, 1);
  });

  it("tells what resists, and removes the others", async () => {
    const engine = new FakeEngine(containers, networks, ["disconnect r1 data", "remove r1", "remove r2"]);
    const { removed, failures } = await removeAttached(engine, { containers, networks });
    assert.deepEqual(removed.sort(), ["admin", "m1"]);
    assert.deepEqual(failures.sort(), ["data has active endpoints", "no remove r1", "no remove r2"]);
  });
});
