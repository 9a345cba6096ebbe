import assert from "node:assert/strict";
import { ChaosError } from "../base/chaos-error.ts";
import { pika } from "./pika.ts";

/** INFO REPLICATION as real servers answered it. */
const lines = (...text: string[]) => `${text.join("\r\n")}\r\n`;
const MASTER_352 = lines(
  "# Replication(MASTER)",
  "role:master",
  "ReplicationID: dd0edc8462743a2602e8bf7c4cf69b53cb36c5834e63d9f43a",
  "connected_slaves:2",
  "slave0:ip=172.29.0.2,port=9221,conn_fd=66,lag=(db0:0)",
  "slave1:ip=172.29.0.5,port=9221,conn_fd=67,lag=(db0:not syncing)",
  "db0 binlog_offset=3 1234,safety_purge=none",
);
const REPLICA_352 = lines(
  "# Replication(SLAVE)",
  "role:slave",
  "ReplicationID: dd0edc8462743a2602e8bf7c4cf69b53cb36c5834e63d9f43a",
  "master_host:toxiproxy",
  "master_port:10002",
  "master_link_status:up",
  "slave_priority:100",
  "slave_read_only:1",
  "db0 binlog_offset=2 104857700,safety_purge=write2file0",
);
const COPYING_354 = lines(
  "# Replication(SLAVE)",
  "role:slave",
  "ReplicationID:2eaf76c8d2acb9dd7584ac1617ffb713e1cf4889e7a9faeb01",
  "master_host:toxiproxy",
  "master_port:10005",
  "master_link_status:down",
  "slave_priority:100",
  "slave_read_only:1",
  "db_repl_state:(db0:WaitDBSync)",
  "db0:binlog_offset=0 69,safety_purge=none",
);
const CHAIN_354 = lines(
  "# Replication(Master && SLAVE)",
  "role:master&&slave",
  "ReplicationID:2eaf76c8d2acb9dd7584ac1617ffb713e1cf4889e7a9faeb01",
  "master_host:toxiproxy",
  "master_port:10002",
  "master_link_status:up",
  "slave_read_only:1",
  "connected_slaves:1",
  "slave0:ip=192.168.64.4,port=9221,conn_fd=51,lag=(db0:0)",
  "db0:binlog_offset=0 69,safety_purge=none",
);

describe("Pika's INFO", () => {
  it("tells a master of 3.5.2, its offset and its replicas", () => {
    const state = pika.state(MASTER_352);
    assert.deepEqual([state.role, state.link, state.syncing, state.version], ["master", "none", false, null]);
    assert.equal(state.offset, 30_000_001_234);
    assert.deepEqual(state.replicas, [
      { address: "172.29.0.2:9221", state: "lag (db0:0)", offset: null },
      { address: "172.29.0.5:9221", state: "lag (db0:not syncing)", offset: null },
    ]);
  });

  it("tells a replica of 3.5.2 by the address that it was given", () => {
    const { role, link, masterHost, masterPort, linkDetail } = pika.state(REPLICA_352);
    assert.deepEqual([role, link, masterHost, masterPort], ["replica", "up", "toxiproxy", 10_002]);
    assert.equal(linkDetail, undefined);
  });

  it("makes file and offset one number that grows from file to file, even past the file's size", () => {
    const [master, replica] = [pika.state(MASTER_352).offset, pika.state(REPLICA_352).offset];
    assert.ok((replica ?? 0) < (master ?? 0));
  });

  it("tells a full sync under way, and what the database waits for (3.5.4)", () => {
    const { link, syncing, linkDetail, offset } = pika.state(COPYING_354);
    assert.deepEqual([link, syncing, linkDetail, offset], ["down", true, "(db0:WaitDBSync)", 69]);
    assert.equal(pika.state(COPYING_354.replace("WaitDBSync", "kTryDBSync")).syncing, true);
    assert.equal(pika.state(COPYING_354.replace("WaitDBSync", "Error")).syncing, false);
  });

  it("takes the middle of a chain for a replica", () => {
    const { role, link, replicas } = pika.state(CHAIN_354);
    assert.deepEqual([role, link, replicas.length], ["replica", "up", 1]);
  });

  it("adds the offsets of several databases", () => {
    const two = MASTER_352.replace(
      /db0 binlog.*/,
      "db0 binlog_offset=0 10,safety_purge=none\r\ndb1 binlog_offset=0 5,safety_purge=none",
    );
    assert.equal(pika.state(two).offset, 15);
  });

  it("leaves null what is missing, and takes the version from INFO SERVER", () => {
    assert.equal(pika.state("").role, "unknown");
    assert.equal(pika.state("").offset, null);
    assert.equal(pika.state(lines("# Server", "pika_version:3.5.2", "pika_git_sha:0")).version, "3.5.2");
  });
});

describe("starting Pika", () => {
  it("gives options as the variables that the image's entrypoint writes into the file, defaults under them", () => {
    const { command, environment } = pika.launch({ "cache-model": "0", maxclients: "500" });
    assert.deepEqual(command, ["/pika/bin/pika", "-c", "/pika/conf/pika.conf"]);
    assert.equal(environment.PIKA_CACHE_MODEL, "0");
    assert.equal(environment.PIKA_MAXCLIENTS, "500");
    assert.equal(environment.PIKA_DB_SYNC_PATH, "/pika/data/dbsync/");
    assert.equal(pika.launch({}).environment.PIKA_MAXCLIENTS, "2000");
  });

  it("refuses what the entrypoint cannot set", () => {
    for (const [option, value] of [
      ["disable_auto_compactions", "true"],
      ["cache-type", "string, set"],
      ["requirepass", ""],
    ] as const) {
      assert.throws(
        () => pika.launch({ [option]: value }),
        (error) => error instanceof ChaosError && error.code === "invalid-experiment" && error.message.includes(option),
      );
    }
  });

  it("asks for all data by force, and only where that is wanted", () => {
    const { replicateFrom } = pika.commands;
    assert.deepEqual(replicateFrom("toxiproxy", 10_002), ["SLAVEOF", "toxiproxy", "10002"]);
    assert.deepEqual(replicateFrom("toxiproxy", 10_002, { copyAll: true }), ["SLAVEOF", "toxiproxy", "10002", "force"]);
  });
});

describe("Pika's log", () => {
  const ruleOf = (line: string) => pika.logRules.find(({ pattern }) => pattern.test(line));
  const I = "I20261121 10:41:45.258633   396";

  it("tells the steps of a full sync (3.5.4)", () => {
    const steps = [
      `${I} pika_repl_client_conn.cc:182] DB: db0 Need Wait To Sync`,
      `${I} rsync_client.cc:317] copy meta data done, db name: db0 snapshot_uuid: 26b1 file count: 21 expired file count: 0 local file count: 0 remote file count: 21 remote snapshot_uuid: 26b1 local snapshot_uuid:  file_set_: 21`,
      `${I} rsync_client.cc:39] copy remote file, filename: hashes/CURRENT`,
      `${I} pika_db.cc:520] DB: db0, Prepare change db from: /pika/data/db/db0_bak`,
      `${I} pika_db.cc:540] DB: db0, Change db success`,
    ];
    assert.deepEqual(
      steps.map((line) => ruleOf(line)?.meaning),
      ["full-sync-start", "full-sync-progress", "full-sync-progress", "restoring", "full-sync-done"],
    );
    const groups = steps.map((line) => ({ ...ruleOf(line)?.pattern.exec(line)?.groups }));
    assert.deepEqual(groups.slice(0, 3), [{ db: "db0" }, { total: "21" }, { file: "hashes/CURRENT" }]);
  });

  it("knows the words of 3.5.2", () => {
    assert.equal(ruleOf(`${I} pika_repl_client_conn.cc:184] Slot: db0 Need Wait To Sync`)?.meaning, "full-sync-start");
    assert.equal(ruleOf(`${I} pika_slot.cc:266] Slot: db0, Change db success`)?.meaning, "full-sync-done");
  });

  it("knows the words of 4.0.1 for a full sync that failed, as its source has them", () => {
    for (const [line, meaning] of [
      [`${I} rsync_client.cc:157] RsyncClient stopped with errors, deleted:./dbsync/db0`, "full-sync-failed"],
      [`${I} pika_rm.cc:519] Full Sync Stage - Rsync Init failed: Slave failed to pull meta info`, "full-sync-failed"],
      [`${I} pika_db.cc:446] info path: i not exist, Slave DB:db0 will restart the sync process...`, "other"],
      [`${I} pika_db.cc:246] db0 FlushDB failed due to rename old db_path_ failed`, "other"],
    ])
      assert.equal(ruleOf(line as string)?.meaning, meaning, line);
  });

  it("tells a full sync that another replica's broke off", () => {
    const line =
      "W20261121 10:42:07.316919   609 rsync_client.cc:218] receive newer dump, reset state to STOP, local_snapshot_uuid:92425aremote snapshot uuid: 738ecc";
    assert.equal(ruleOf(line)?.meaning, "full-sync-failed");
  });

  it("finds a crash in a fatal line, with its words, and none in others", () => {
    const fatal =
      "F20261121 10:21:49.870692   307 storage.cc:94] open kv db failed, IO error: lock hold by current process, acquire time 1795256501 acquiring thread 1: /pika/data/db/db0/strings/LOCK: No locks available";
    const rule = ruleOf(fatal);
    assert.equal(rule?.meaning, "crash");
    assert.match(
      rule?.pattern.exec(fatal)?.groups?.what ?? "",
      /^storage\.cc:94\] open kv db failed.*lock hold by current process/,
    );
    assert.equal(rule?.says, "assertion");
    assert.deepEqual(
      [ruleOf("*** Check failure stack trace: ***")].map((one) => [one?.meaning, one?.says]),
      [["crash", "banner"]],
    );
    for (const quiet of [
      `${I} pika_server.cc:1911] hit rate:0`,
      `${I} pika.cc:130] Catch Signal 15, cleanup...`,
      "W20261121 10:24:25.330989   297 pika_repl_server_conn.cc:240] Slave offset is larger than mine, Slave ip: 172.22.0.5",
    ]) {
      assert.notEqual(ruleOf(quiet)?.meaning, "crash");
    }
  });
});
