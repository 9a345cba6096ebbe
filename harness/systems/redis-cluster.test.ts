import assert from "node:assert/strict";
import { redisCluster } from "./redis-cluster.ts";

/** Recorded from Redis 7.0.15 and Valkey 8.0.1 after a failover; ids shortened. */
const NODES = `aa 192.168.95.251:6379@16379 myself,slave bb 0 1795721199000 7 connected
4e 192.168.95.254:6379@16379,host master,fail - 1795721199 1795721199000 1 disconnected
bb 192.168.95.253:6379@16379 master - 0 1795721198545 7 connected 0-5460 5470 [5471->-4e]
cc 192.168.95.252:6379@16379 master - 0 1795721199598 3 connected 10922-16383
dd :0@0 slave,noaddr cc 0 1795721198545 2 disconnected
`;

describe("Redis Cluster's words", () => {
  it("reads masters with slots, their epochs, and who follows whom", () => {
    const view = redisCluster.view(NODES);
    assert.equal(view.self, "192.168.95.251");
    assert.deepEqual(view.masters, [
      {
        host: "192.168.95.253",
        epoch: 7,
        slots: [
          [0, 5460],
          [5470, 5470],
        ],
      },
      { host: "192.168.95.252", epoch: 3, slots: [[10922, 16383]] },
    ]);
    assert.equal(view.replicaOf["192.168.95.251"], "192.168.95.253");
  });

  it("makes nothing of what is no such answer", () => {
    assert.deepEqual(redisCluster.view("ERR This instance has cluster support disabled"), {
      self: null,
      masters: [],
      replicaOf: {},
    });
  });

  it("reads whether it is in order", () => {
    const info = "cluster_state:ok\r\ncluster_slots_assigned:16384\r\ncluster_known_nodes:6\r\n";
    assert.deepEqual(redisCluster.health(info), { ok: true, nodes: 6 });
    assert.deepEqual(redisCluster.health("cluster_state:fail\r\n"), { ok: false, nodes: 0 });
  });

  it("asks for failovers", () => {
    const { failover } = redisCluster.commands;
    assert.deepEqual(
      [failover(null), failover("takeover")],
      [
        ["CLUSTER", "FAILOVER"],
        ["CLUSTER", "FAILOVER", "TAKEOVER"],
      ],
    );
  });
});
