import assert from "node:assert/strict";
import { kvrocks } from "./kvrocks.ts";

// Recorded from Kvrocks 2.9.0 (commit 57b47a00), shortened to what is read.
const MASTER = `# Server\r\nversion:2.9.0\r\nkvrocks_version:2.9.0\r\nredis_version:4.0.0\r\nkvrocks_mode:cluster\r\n# Clients\r
connected_clients:38\r\n# Persistence\r\nloading:0\r\n# Stats\r\ntotal_commands_processed:25343\r\n# Replication\r\nrole:master\r
connected_slaves:1\r\nslave0:ip=192.168.64.2,port=6666,offset=18187,lag=0\r\nmaster_repl_offset:18187\r\n# CPU\r\n`;
const REPLICA = `# Server\r\nkvrocks_version:2.9.0\r\n# Persistence\r\nloading:0\r\n# Replication\r\nrole:slave\r\nmaster_host:toxiproxy\r
master_port:10006\r\nmaster_link_status:up\r\nmaster_sync_unrecoverable_error:0\r\nmaster_sync_in_progress:0\r
master_last_io_seconds_ago:1\r\nslave_repl_offset:6401\r\nslave_priority:100\r\nmaster_repl_offset:6401\r\n`;
const RESTORING = "# Server\r\nkvrocks_version:2.9.0\r\n# Persistence\r\nloading:1\r\n";

// Recorded log lines of a full sync, in their order; the thread and place in front as the server writes them.
const LOG: readonly [string, string][] = [
  [
    "I20261121 03:45:50.405771   252 replication.cc:551] [replication] Failed to psync, error: -ERR sequence out of range, please use fullsync, switch to fullsync",
    "other",
  ],
  [
    "I20261121 03:45:50.406559   252 replication.cc:613] [replication] Start syncing data with fullsync",
    "full-sync-start",
  ],
  [
    "I20261121 03:45:51.485448   253 replication.cc:805] [fetch] Fetched OPTIONS-000013, crc32: 0, skip count: 0, fetch count: 2, progress: 2/10",
    "full-sync-progress",
  ],
  [
    "I20261121 03:45:55.582185   252 replication.cc:717] [replication] Succeeded fetching files in parallel, restoring the backup",
    "restoring",
  ],
  [
    "I20261121 03:45:55.582379   252 server.cc:1357] [server] Waiting workers for finishing executing commands...",
    "other",
  ],
  [
    "I20261121 03:45:34.629475   143 replication.cc:732] [replication] Succeeded restoring the backup, fullsync was finish",
    "full-sync-done",
  ],
  ["I20261121 03:45:50.396942   138 replication.cc:371] [replication] Stopped", "full-sync-ended"],
];

function ruleOf(line: string) {
  return kvrocks.logRules.find((rule) => rule.pattern.test(line));
}

describe("the kvrocks adapter", () => {
  it("reads a master's state, with the replicas it sees", () => {
    const state = kvrocks.state(MASTER);
    assert.deepEqual([state.role, state.link, state.offset, state.version], ["master", "none", 18_187, "2.9.0"]);
    assert.deepEqual([state.clients, state.commandsProcessed], [38, 25_343]);
    assert.deepEqual(state.replicas, [{ address: "192.168.64.2:6666", state: null, offset: 18_187 }]);
  });

  it("reads a replica's state: whom it follows and how far it is", () => {
    const state = kvrocks.state(REPLICA);
    assert.deepEqual([state.role, state.link, state.syncing, state.loading], ["replica", "up", false, false]);
    assert.equal(`${state.masterHost}:${state.masterPort}`, "toxiproxy:10006");
    assert.deepEqual([state.offset, state.lastIoSeconds], [6401, 1]);
  });

  it("takes LOADING for a full sync that is being restored, although INFO leaves the replication section out", () => {
    const state = kvrocks.state(RESTORING);
    assert.deepEqual([state.role, state.loading, state.syncing], ["unknown", true, true]);
  });

  it("reads nothing from nothing", () => {
    const state = kvrocks.state("");
    assert.deepEqual([state.role, state.version, state.offset], ["unknown", null, null]);
  });

  for (const [line, meaning] of LOG) {
    it(`knows the log line "${line.slice(line.indexOf("]") + 2, 90)}…"`, () => {
      assert.equal(ruleOf(line)?.meaning, meaning);
    });
  }

  it("tells the assertion that failed from the signal that follows it", () => {
    const says = (line: string) => [ruleOf(line)?.meaning, ruleOf(line)?.says];
    const failed = "F20261121 03:45:51.130012   253 server.cc:91] Check failed: storage != nullptr ";
    assert.deepEqual(says(failed), ["crash", "assertion"]);
    assert.deepEqual(says("kvrocks: lock.h:12: void f(): Assertion `held' failed."), ["crash", "assertion"]);
    assert.deepEqual(says("E20261121 03:45:51.1  1 main.cc:64] Ooops! kvrocks 2.9.0 got signal: Aborted (6)"), [
      "crash",
      "signal",
    ]);
  });

  it("counts fetched and skipped files of all files", () => {
    const skipped =
      "I20261121 03:45:51.1  253 replication.cc:791] [skip] 000019.sst 123, skip count: 1, fetch count: 2, progress: 3/10";
    for (const [line, file, done] of [
      [LOG[2]?.[0] ?? "", "OPTIONS-000013", "2"],
      [skipped, "000019.sst", "3"],
    ] as const) {
      const rule = ruleOf(line);
      assert.equal(rule?.meaning, "full-sync-progress");
      assert.deepEqual({ ...rule?.pattern.exec(line)?.groups }, { file, done, total: "10" });
    }
  });

  it("tells every node its cluster in the server's own words", () => {
    const [m1, r1] = ["1".repeat(40), "2".repeat(40)];
    const argv = kvrocks.cluster?.setNodes(
      [
        { id: m1, host: "toxiproxy", port: 10_006, master: null, slots: [[0, 8191]] },
        { id: r1, host: "r1", port: 6666, master: m1, slots: [] },
      ],
      7,
    );
    const text = `${m1} toxiproxy 10006 master - 0-8191\n${r1} r1 6666 slave ${m1}`;
    assert.deepEqual(argv, ["CLUSTERX", "SETNODES", text, "7"]);
  });
});
