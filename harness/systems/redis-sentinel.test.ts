import assert from "node:assert/strict";
import { redisSentinel } from "./redis-sentinel.ts";

/** As Redis 7.0.15 answers, the fields that matter. */
const MASTER = [
  "name",
  "kvchaos",
  "ip",
  "172.21.255.254",
  "port",
  "6379",
  "num-slaves",
  "2",
  "num-other-sentinels",
  "1",
];

describe("Redis Sentinel's words", () => {
  it("reads the master and its config epoch, and how many others it knows", () => {
    const reply = [...MASTER, "config-epoch", "3"].map((one) => Buffer.from(one));
    assert.deepEqual(redisSentinel.view(reply), {
      self: null,
      masters: [{ host: "172.21.255.254", epoch: 3, slots: [[0, 16_383]] }],
      replicaOf: {},
    });
    assert.deepEqual(redisSentinel.known(reply), { replicas: 2, sentinels: 1 });
  });

  it("makes nothing of another answer", () => {
    assert.deepEqual(redisSentinel.view(null).masters, []);
    assert.deepEqual(redisSentinel.known("OK"), { replicas: 0, sentinels: 0 });
  });

  it("starts a sentinel with its own settings, and keeps the file that it has written", () => {
    const settings = { "sentinel-quorum": "3", "sentinel-down-after-milliseconds": "500" };
    const { command } = redisSentinel.launch(settings, "10.0.0.9", { host: "10.0.0.1", port: 6379 });
    assert.ok(command.includes("sentinel monitor kvchaos 10.0.0.1 6379 3"));
    assert.ok(command.includes("sentinel down-after-milliseconds kvchaos 500"));
    assert.ok(command.includes("sentinel announce-ip 10.0.0.9"));
    assert.match(command[2] ?? "", /^\[ -e \/data\/sentinel.conf \] \|\|/);
  });
});
