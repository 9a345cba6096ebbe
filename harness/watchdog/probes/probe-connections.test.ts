import assert from "node:assert/strict";
import { clusterSpec } from "../../cluster/spec.ts";
import { parseComposeFile } from "../../docker/compose.ts";
import { kvrocks } from "../../systems/kvrocks.ts";
import { pika } from "../../systems/pika.ts";
import { redis } from "../../systems/redis.ts";
import type { System } from "../../systems/system.ts";
import { valkey } from "../../systems/valkey.ts";
import { probeConnections } from "./probe-connections.ts";

const COMPOSE = `
services:
  m1: { image: x, networks: [data], labels: { kvchaos.role: master } }
  r1: { image: x, networks: [data], labels: { kvchaos.role: replica, kvchaos.master: m1 } }
  toxiproxy: { image: t, networks: [data], labels: { kvchaos.role: toxiproxy } }
networks: { data: { internal: true } }
`;

function counted(system: System, config: Record<string, string> = {}, interval = 500, compose = COMPOSE): number {
  const { nodes } = clusterSpec(parseComposeFile("cluster.yaml", compose, {}), system, config);
  return probeConnections(system, nodes, { interval });
}

describe("probeConnections", () => {
  it("are few where one thread serves all of them", () => {
    for (const system of [redis, valkey]) {
      assert.equal(counted(system), 4);
      assert.equal(counted(system, { "io-threads": "1", save: "" }), 4);
    }
  });

  it("are many where several threads do, or may", () => {
    for (const system of [kvrocks, pika]) assert.equal(counted(system), 16);
    for (const system of [redis, valkey]) assert.equal(counted(system, { "io-threads": "2" }), 16);
    for (const own of ["command: redis-server --io-threads 4", "entrypoint: [start]"]) {
      assert.equal(counted(redis, {}, 500, COMPOSE.replace("image: x", `image: x, ${own}`)), 16, own);
    }
  });

  it("are so many that one is asked every 125 ms", () => {
    assert.deepEqual(
      [10, 250, 501, 1000, 60_000].map((interval) => counted(redis, {}, interval)),
      [4, 4, 5, 8, 16],
    );
  });
});
