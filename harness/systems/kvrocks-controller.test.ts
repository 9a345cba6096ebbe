import assert from "node:assert/strict";
import { kvrocksController } from "./kvrocks-controller.ts";

const ID = "vMfNpUTxlaIGwgVuMK6tlhOx397kaM5z55fXphTU";

/** As the controller 1.1.0 answers. */
const CLUSTER = {
  data: {
    cluster: {
      version: 4,
      name: "kvchaos",
      shards: [
        {
          nodes: [
            { id: ID, addr: "10.0.0.254:6666", role: "slave", password: "", created_at: 1 },
            { id: `r${ID.slice(1)}`, addr: "10.0.0.252:6666", role: "master", password: "", created_at: 1 },
          ],
          slot_ranges: ["0-8191", "9000"],
          target_shard_index: 1,
          migrating_slot: 93,
        },
        { nodes: [], slot_ranges: null, target_shard_index: -1, migrating_slot: -1 },
      ],
    },
  },
};

/** The rule that knows a line, and what it takes from it. */
function fieldsOf(line: object): [string | undefined, Record<string, string> | undefined] {
  const text = JSON.stringify(line);
  const rule = kvrocksController.logRules.find(({ pattern }) => pattern.test(text));
  return [rule?.name, rule?.pattern.exec(text)?.groups];
}

const server = { id: ID, is_master: true, addr: "10.0.0.254:6666" };

describe("kvrocks-controller's words", () => {
  it("reads the whole topology, with the slot that is on its way", () => {
    const [first, second] = kvrocksController.view(CLUSTER).shards;
    assert.equal(kvrocksController.view(CLUSTER).version, 4);
    assert.deepEqual(first?.slots, [
      [0, 8191],
      [9000, 9000],
    ]);
    assert.deepEqual(
      first?.nodes.map(({ host, isMaster }) => [host, isMaster]),
      [
        ["10.0.0.254", false],
        ["10.0.0.252", true],
      ],
    );
    assert.equal(first?.migrating, 93);
    assert.deepEqual(second, { slots: [], migrating: null, nodes: [] });
  });

  it("makes nothing of another answer", () => {
    assert.throws(() => kvrocksController.view({ error: { message: "namespace not found" } }));
    assert.throws(() => kvrocksController.view(undefined));
  });

  it("is told its settings in its file, the experiment's over those of kvchaos, and its limits follow from them", () => {
    const config = { "controller-max_ping_count": "3" };
    const { command = [], entrypoint } = kvrocksController.launch(config, { host: "10.0.0.250", port: 2379 });
    assert.deepEqual(entrypoint, ["/bin/sh", "-c"]);
    assert.deepEqual(command.slice(-3), ["  failover:", "    ping_interval_seconds: 1", "    max_ping_count: 3"]);
    assert.ok(command.includes('    - "10.0.0.250:2379"'));
    assert.deepEqual(kvrocksController.limits(config), { interval: 1000, failures: 3, answer: 6200 });
  });

  it("reads in its log what it decided, of whom, and why not", () => {
    const failed = { msg: "Failed to probe the node", ...server, error: "EOF", failure_count: 4 };
    assert.deepEqual(
      { ...fieldsOf({ level: "warn", ...failed })[1] },
      {
        ...{ said: "Failed to probe the node", id: ID, addr: "10.0.0.254:6666", error: "EOF", count: "4" },
      },
    );
    const promoted = { msg: "Promote the new master", ...server, new_master_id: "abc" };
    assert.deepEqual([fieldsOf(promoted)[0], fieldsOf(promoted)[1]?.heir], ["controller-promoted", "abc"]);
    const refused = { msg: "Failed to promote the new master", ...server, error: "no replica in shard" };
    assert.deepEqual(
      [fieldsOf(refused)[0], fieldsOf(refused)[1]?.error],
      ["controller-not-promoted", "no replica in shard"],
    );
    const names = (...messages: string[]) => messages.map((msg) => fieldsOf({ msg, error: "context canceled" })[0]);
    assert.deepEqual(
      names(
        "Became the leader, resume the controller",
        "Lost the leader, suspend the controller",
        "Failed to get the clusterName info from the clusterStore",
        "Failed to sync the clusterName to the nodes",
        "Leader session is done",
        "Bye bye, Kvrocks controller was exited",
      ),
      [
        ...["controller-leads", "controller-follows", "controller-no-store", "controller-not-synced"],
        ...["controller-session", undefined],
      ],
    );
  });
});
