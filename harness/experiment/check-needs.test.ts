import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { registries } from "./catalogue.ts";
import { readExperiment } from "./read-experiment.ts";

/** Judge every experiment: there is always a node, and a watchdog. */
const CLUSTERS: Readonly<Record<string, string>> = {
  "one-master": "{ masters: 1, replicas: 0 }",
  "one-master-one-replica": "{ masters: 1, replicas: 1 }",
  "two-masters-one-replica": "{ masters: 2, replicas: [1, 0] }",
  "redis-sentinel": "{ masters: 1, replicas: 2, mode: sentinel, sentinels: 3 }",
  "redis-cluster-3x2": "{ masters: 3, replicas: 1, mode: cluster }",
  "kvrocks-controller": "{ masters: 2, mode: controller }",
};
const ALWAYS = ["no-hang", "no-crash", "one-master", "recovers-within", "serves"];

const RECORDED_WRITES = "load: [{ workload: set, record: true }]";
const RECORDED_READS = "load: [{ workload: get-set, record: true }]";
const NO_RECORD = "judges what a recorded load did, and no load is; give a load record: true";
const NO_COUNTER = "judges what recorded loads of counter did, and there is none; give a load of counter record: true";
const NO_GROUP =
  "judges what recorded loads of transaction, script or multi-key did, and there is none; give a load of transaction, script or multi-key record: true";
const NO_QUEUE =
  "judges what recorded loads of queue or stream did, and there is none; give a load of queue or stream record: true";
const NO_VALUES =
  "judges values that replace each other, and no recorded load writes any: counter; record a load like set";
const ONLY_WRITES =
  "judges what recorded loads read, and no recorded load reads: set; record a load that reads too, like get-set";
const FLUSHED_PLAINLY =
  "must know every flush, and command-1 sends flushall as a plain command, of which the journal does not tell what it took along; use the fault flushall";
const plainFlush = (node: string) => `faults: [{ fault: command, at: 1s, node: ${node}, argv: [flushall] }]`;

interface Row {
  /** The rest of an experiment in which it could never answer, and the message. */
  refused: [topology: string, text: string, message: string][];
  /** One in which it can. */
  accepted: [topology: string, text: string][];
}

const ROWS: Record<string, Row> = {
  expectations: {
    refused: [
      ["one-master", "", "judges what the experiment expects on the way, and it expects nothing; add expectations"],
    ],
    accepted: [["one-master", "expectations: [{ node: m1, condition: healthy, within: 5s, phase: recovery }]"]],
  },
  converges: {
    refused: [["one-master", "", "judges replicas, and the cluster has none; take a Compose file with a replica"]],
    accepted: [["one-master-one-replica", ""]],
  },
  "replication-progress": {
    refused: [["one-master", "", "judges replicas, and the cluster has none; take a Compose file with a replica"]],
    accepted: [["redis-sentinel", "systems: [redis]"]],
  },
  "full-syncs": {
    refused: [["one-master", "", "judges replicas, and the cluster has none; take a Compose file with a replica"]],
    accepted: [["one-master-one-replica", ""]],
  },
  memory: {
    refused: [
      [
        "one-master",
        "",
        "judges how much memory servers come to use, and nothing says how much is too much; add `memory: { growth: 50% }`",
      ],
    ],
    accepted: [["one-master", "memory: { growth: 50% }"]],
  },
  limits: {
    refused: [["one-master", "", 'judges the experiment\'s limits, and it has none; add `limits: ["p99 < 50ms"]`']],
    accepted: [["one-master", "limits: [memory < 1GiB]"]],
  },
  failovers: {
    refused: [
      [
        "redis-sentinel",
        "systems: [redis]",
        "judges what controllers decide, and the cluster has none; take a cluster of mode controller",
      ],
    ],
    accepted: [["kvrocks-controller", "systems: [kvrocks]"]],
  },
  protocol: {
    refused: [["one-master", "", "judges what loads are answered, and there is none; add a load with a workload"]],
    accepted: [["one-master", "load: [{ workload: set }]"]],
  },
  watched: {
    refused: [["one-master", "", "judges servers that kvchaos did not start; it belongs to `kvchaos watch`"]],
    accepted: [],
  },
  slots: {
    refused: [
      ["one-master", "", "judges slots, and the masters do not share the key space; take a cluster in cluster mode"],
    ],
    accepted: [["redis-cluster-3x2", "systems: [redis]"]],
  },
  "clean-shutdown": {
    refused: [
      [
        "one-master",
        "faults: [{ fault: restart, at: 1s, node: m1 }]",
        "judges servers that the fault shutdown asks to stop, and there is no such fault; add the fault shutdown",
      ],
    ],
    accepted: [["one-master", "faults: [{ fault: shutdown, at: 1s, node: m1 }]"]],
  },
  "flush-order": {
    refused: [
      ["one-master", "faults: [{ fault: flushall, at: 1s }]", NO_RECORD],
      ["one-master", RECORDED_WRITES, "judges flushes, and no fault flushes; add the fault flushall"],
      ["one-master", `${RECORDED_WRITES}\n${plainFlush("m1")}`, FLUSHED_PLAINLY],
      [
        "one-master",
        `${RECORDED_WRITES}\nfaults: [{ fault: command, at: 1s, node: m1, argv: [SWAPDB, 0, 1] }]`,
        "must know what recorded loads' keys hold, and command-1 sends SWAPDB, which puts another database in their place; judge it with loads that are not recorded, and converges",
      ],
      [
        "one-master-one-replica",
        `${RECORDED_WRITES}\nfaults: [{ fault: flushall, at: 1s, node: r1 }]`,
        "judges flushes of masters, and only replicas are flushed: r1; node: master",
      ],
    ],
    accepted: [
      ["one-master", `${RECORDED_WRITES}\nfaults: [{ fault: flushall, at: 1s }]`],
      [
        "one-master-one-replica",
        `${RECORDED_WRITES}\nfaults: [{ fault: switch-master, at: 1s }, { fault: flushall, at: 5s, node: r1 }]`,
      ],
    ],
  },
  "no-lost-writes": {
    refused: [
      ["one-master", "load: [{ workload: set }]", NO_RECORD],
      ["one-master", "load: [{ workload: counter, record: true }]", NO_VALUES],
      ["one-master", `${RECORDED_WRITES}\n${plainFlush("master")}`, FLUSHED_PLAINLY],
      [
        "one-master",
        `${RECORDED_WRITES}\nfaults: [{ id: gone, fault: command, at: 1s, node: m1, argv: [DEL, "set:17"] }]`,
        "must know every write to a recorded load's keys, and gone sends DEL for set:17, which is a key of set; use another key",
      ],
    ],
    accepted: [
      ["one-master", RECORDED_WRITES],
      [
        "one-master",
        `${RECORDED_WRITES}\nfaults: [{ fault: command, at: 1s, node: m1, argv: [GET, "set:17"] }, { fault: command, at: 1s, node: m1, argv: [DEL, "set:x"] }]`,
      ],
      ["redis-cluster-3x2", `systems: [redis]\n${RECORDED_WRITES}`],
    ],
  },
  "per-key-order": {
    refused: [
      ["one-master", "load: [{ workload: get-set }]", NO_RECORD],
      ["one-master", RECORDED_WRITES, ONLY_WRITES],
      ["one-master", `${RECORDED_READS}\n${plainFlush("m1")}`, FLUSHED_PLAINLY],
    ],
    accepted: [["one-master", RECORDED_READS]],
  },
  linearizable: {
    refused: [
      ["one-master", "load: [{ tool: redis-benchmark }]", NO_RECORD],
      ["one-master", RECORDED_WRITES, ONLY_WRITES],
      ["one-master", `${RECORDED_READS}\n${plainFlush("m1")}`, FLUSHED_PLAINLY],
    ],
    accepted: [["one-master", `load: [{ workload: set }, { workload: get-set, record: true }]`]],
  },
  counts: {
    refused: [
      ["one-master", "load: [{ workload: counter }]", NO_COUNTER],
      ["one-master", RECORDED_WRITES, NO_COUNTER],
      [
        "one-master",
        "load: [{ workload: counter, record: true }]\nfaults: [{ fault: flushall, at: 1s }]",
        "judges what must be left in the end, and flushall-1 flushes it; judge flushes with another workload",
      ],
      ["one-master", `load: [{ workload: counter, record: true }]\n${plainFlush("m1")}`, FLUSHED_PLAINLY],
    ],
    accepted: [["one-master", "load: [{ workload: counter, record: true }, { workload: set, record: true }]"]],
  },
  "all-or-nothing": {
    refused: [
      ["one-master", "load: [{ workload: multi-key }]", NO_GROUP],
      ["one-master", RECORDED_WRITES, NO_GROUP],
      ["one-master", `load: [{ workload: multi-key, record: true }]\n${plainFlush("m1")}`, FLUSHED_PLAINLY],
    ],
    accepted: [
      ["one-master", "load: [{ workload: transaction, record: true }]\nfaults: [{ fault: flushall, at: 1s }]"],
      ["redis-cluster-3x2", "systems: [redis]\nload: [{ workload: multi-key, record: true }]"],
    ],
  },
  delivers: {
    refused: [
      ["one-master", "load: [{ workload: queue }]", NO_QUEUE],
      ["one-master", RECORDED_WRITES, NO_QUEUE],
      [
        "one-master",
        "load: [{ workload: queue, record: true }]\nfaults: [{ fault: flushall, at: 1s }]",
        "judges what must be left in the end, and flushall-1 flushes it; judge flushes with another workload",
      ],
    ],
    accepted: [["one-master", "systems: [redis]\nload: [{ workload: stream, record: true }]"]],
  },
  "lock-order": {
    refused: [
      [
        "one-master",
        "locks: false",
        "judges the servers' locks, and `locks: false` forbids to watch them; leave it out",
      ],
    ],
    accepted: [
      ["one-master", ""],
      ["one-master", "locks: true"],
    ],
  },
};

describe("what checks need", () => {
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "kvchaos-needs-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const file = (topology: string, text: string): string => {
    const path = join(folder, "experiment.yaml");
    writeFileSync(path, `title: A title\ncluster: ${CLUSTERS[topology]}\n${text}\n`);
    return path;
  };

  it("is told for every check there is", () => {
    assert.deepEqual([...ALWAYS, ...Object.keys(ROWS)].sort(), [...registries.checks.keys()].sort());
    for (const name of ALWAYS) assert.equal(registries.checks.get(name)?.needs, undefined, name);
  });

  for (const [check, { refused, accepted }] of Object.entries(ROWS)) {
    for (const [topology, text, message] of refused) {
      it(`${check} is refused in ${topology} with ${text.replaceAll("\n", ", ") || "nothing else"}`, async () => {
        const path = file(topology, `checks: [no-hang, ${check}]\n${text}`);
        await assert.rejects(readExperiment(path, registries), ({ message: said }: Error) => {
          assert.equal(said, `${path}:3:19: ${check} ${message}`);
          return true;
        });
      });
    }
    for (const [topology, text] of accepted) {
      it(`${check} is accepted in ${topology} with ${text.replaceAll("\n", ", ") || "nothing else"}`, async () => {
        const { checks } = await readExperiment(file(topology, `checks: [${check}]\n${text}`), registries);
        assert.deepEqual(checks, [check]);
      });
    }
  }

  it("refuses data checks of several masters with keys of their own, beside the recorded load", async () => {
    const path = file("two-masters-one-replica", `checks: [no-lost-writes]\n${RECORDED_WRITES}`);
    await assert.rejects(readExperiment(path, registries), ({ message }: Error) => {
      const lines = message.split("\n").map((line) => line.replace(`${path}:`, ""));
      assert.equal(lines.length, 2, message);
      assert.match(lines[0] ?? "", /^3:10: no-lost-writes judges one dataset, and each of m1, m2 has keys of its own/);
      assert.match(lines[1] ?? "", /^4:33: each of m1, m2 has keys of its own/);
      return true;
    });
  });

  it("does not tell of what it cannot see for another mistake", async () => {
    const path = file(
      "one-master",
      "checks: [clean-shutdown]\nfaults: [{ fault: shutdown, at: 1s, node: m1, via: sigterms }]",
    );
    await assert.rejects(readExperiment(path, registries), ({ message }: Error) => {
      assert.match(message, /^\S+:4:\d+: .*sigterms[^\n]*$/);
      return true;
    });
  });

  it("leaves a default check out where it could never answer", async () => {
    const alone = await readExperiment(file("one-master", ""), registries);
    assert.deepEqual(alone.checks, ["no-hang", "no-crash", "one-master", "recovers-within", "serves"]);
    const pair = await readExperiment(file("one-master-one-replica", ""), registries);
    assert.deepEqual(pair.checks, [
      "no-hang",
      "no-crash",
      "one-master",
      "converges",
      "replication-progress",
      "recovers-within",
      "serves",
    ]);
  });

  it("refuses a full sync of nobody", async () => {
    const path = file("one-master", "full-sync: force");
    await assert.rejects(readExperiment(path, registries), {
      message: `${path}:3:12: "force" makes replicas copy all data, and the cluster has none`,
    });
  });
});
