import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { seededRandom } from "../../base/random.ts";
import { MOST_MASTERS, MOST_REPLICAS, MOST_SERVERS, type Topology } from "../../journal/topology.ts";
import { redis } from "../../systems/redis.ts";
import { shapeOf } from "../shape.ts";
import { clusterSpec } from "../spec.ts";
import { composeOf } from "./compose-of.ts";
import { composeText, topologyText } from "./compose-text.ts";
import { membersOf, replicasOf } from "./members.ts";

const topology = (said: Partial<Topology>): Topology => ({
  ...{ masters: 1, replicas: 1, chain: 1, mode: "replication", sentinels: 0, nodes: {} },
  ...said,
});
const followers = (said: Partial<Topology>): string[] =>
  membersOf(topology(said)).map(({ name, master }) => (master === null ? name : `${name} -> ${master}`));

describe("a topology without a file", () => {
  it("numbers the replicas of the first master first", () => {
    assert.deepEqual(followers({ masters: 2, replicas: 2 }), [
      "m1",
      "m2",
      "r1 -> m1",
      "r2 -> m1",
      "r3 -> m2",
      "r4 -> m2",
    ]);
    assert.deepEqual(followers({ masters: 3, replicas: [0, 2, 1] }), [
      ...["m1", "m2", "m3"],
      ...["r1 -> m2", "r2 -> m2", "r3 -> m3"],
    ]);
    assert.deepEqual(followers({ replicas: 0, sentinels: 3, mode: "sentinel" }), ["m1", "s1", "s2", "s3"]);
  });

  it("lets replicas stand in lines, the last of which may be shorter", () => {
    assert.deepEqual(followers({ replicas: 2, chain: 2 }), ["m1", "r1 -> m1", "r2 -> r1"]);
    assert.deepEqual(followers({ masters: 2, replicas: [3, 1], chain: 2 }), [
      ...["m1", "m2", "r1 -> m1", "r2 -> r1", "r3 -> m1"],
      "r4 -> m2",
    ]);
  });

  it("gives a node what its role has, with its own over it", async () => {
    const given = topology({
      replicas: 2,
      nodes: {
        replicas: { memory: 48 * 1024 ** 2, config: { redis: { maxmemory: "1mb", save: "1 1" } } },
        r2: { cpus: 0.5, config: { redis: { maxmemory: "2mb", requirepass: 'a$b"c' } } },
      },
    });
    const { nodes } = clusterSpec(await composeOf(given, {}), redis);
    const [m1, r1, r2] = ["m1", "r1", "r2"].map((name) => nodes.find((node) => node.name === name));
    assert.deepEqual([m1?.service.memory, r1?.service.memory, r2?.service.memory], [undefined, 50_331_648, 50_331_648]);
    assert.deepEqual([r1?.service.cpus, r2?.service.cpus], [undefined, 0.5]);
    assert.deepEqual([m1?.config.save, r1?.config.save, r2?.config.save], ["", "1 1", "1 1"]);
    assert.deepEqual([r1?.config.maxmemory, r2?.config.maxmemory], ["1mb", "2mb"]);
    assert.equal(r2?.config.requirepass, 'a$b"c');
  });

  it("names only what is not as it would be by itself, as an experiment says it", () => {
    assert.equal(topologyText(topology({})), "{ masters: 1, replicas: 1 }");
    assert.equal(
      topologyText(
        topology({
          masters: 2,
          replicas: [1, 0],
          chain: 2,
          mode: "sentinel",
          sentinels: 3,
          nodes: { replicas: { memory: 48 * 1024 ** 2, config: { redis: { save: "" } } } },
        }),
      ),
      '{ masters: 2, replicas: [1, 0], chain: 2, mode: sentinel, sentinels: 3, nodes: { replicas: { memory: 48MiB, config: { redis: { save: "" } } } } }',
    );
  });

  it("makes the file that gives the same cluster when it is saved, whatever is drawn", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "kvchaos-topology-"));
    const file = path.join(folder, "saved.yaml");
    const random = seededRandom("topologies");
    try {
      for (let i = 0; i < 40; i++) {
        const masters = random.int(1, MOST_MASTERS);
        const replicas = Array.from({ length: masters }, () => random.int(0, MOST_REPLICAS));
        const drawn = topology({ masters, replicas, chain: random.int(1, 3) });
        if (replicasOf(drawn).reduce((all, one) => all + one, masters) > MOST_SERVERS) continue;
        const text = composeText(drawn);
        assert.equal(text, composeText(structuredClone(drawn)));
        await writeFile(file, text);
        const [made, saved] = await Promise.all([composeOf(drawn, {}), composeOf(file, {})]);
        assert.deepEqual(shapeOf(made), shapeOf(saved));
        assert.deepEqual(clusterSpec(made, redis), clusterSpec(saved, redis));
        assert.deepEqual(shapeOf(made).masters.length, masters);
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it("names the image and port of the server that it was made for, where the environment names none", () => {
    const text = composeText(topology({}), { image: "apache/kvrocks:2.11.0", port: 6666 });
    assert.match(text, /^ {2}image: \$\{KVCHAOS_IMAGE:-apache\/kvrocks:2\.11\.0\}$/m);
    assert.match(text, /^ {4}- 127\.0\.0\.1::\$\{KVCHAOS_PORT:-6666\}$/m);
  });
});
