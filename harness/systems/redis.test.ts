import assert from "node:assert/strict";
import { redis } from "./redis.ts";

// Recorded from Redis 7.0.15, shortened to the sections that are read.
const MASTER = `# Server\r\nredis_version:7.0.15\r\n# Clients\r\nconnected_clients:3\r\n# Persistence\r\nloading:0\r\nasync_loading:0\r
# Stats\r\ntotal_commands_processed:1234\r\n# Replication\r\nrole:master\r\nconnected_slaves:2\r
slave0:ip=172.18.0.2,port=6379,state=online,offset=147,lag=0\r\nslave1:ip=172.18.0.2,port=6380,state=wait_bgsave,offset=0,lag=0\r
master_repl_offset:161\r\nsecond_repl_offset:-1\r\n`;
const REPLICA = `# Server\r\nredis_version:7.0.15\r\n# Persistence\r\nloading:0\r\n# Replication\r\nrole:slave\r\nmaster_host:toxiproxy\r
master_port:10002\r\nmaster_link_status:up\r\nmaster_last_io_seconds_ago:1\r\nmaster_sync_in_progress:0\r\nslave_read_repl_offset:161\r
slave_repl_offset:147\r\nmaster_repl_offset:147\r\n`;
const SYNCING = REPLICA.replace("master_link_status:up", "master_link_status:down").replace(
  "master_sync_in_progress:0",
  "master_sync_in_progress:1\r\nmaster_sync_total_bytes:1000\r\nmaster_sync_read_bytes:250",
);

describe("the redis adapter", () => {
  it("reads a master's state, with the replicas it sees", () => {
    const state = redis.state(MASTER);
    assert.equal(state.role, "master");
    assert.equal(state.link, "none");
    assert.equal(state.offset, 161);
    assert.equal(state.commandsProcessed, 1234);
    assert.equal(state.version, "7.0.15");
    assert.deepEqual(state.replicas, [
      { address: "172.18.0.2:6379", state: "online", offset: 147 },
      { address: "172.18.0.2:6380", state: "wait_bgsave", offset: 0 },
    ]);
  });

  it("reads a replica's state: the applied offset, not the one it has only read", () => {
    const state = redis.state(REPLICA);
    assert.equal(state.role, "replica");
    assert.equal(state.link, "up");
    assert.equal(state.offset, 147);
    assert.equal(`${state.masterHost}:${state.masterPort}`, "toxiproxy:10002");
    assert.equal(state.lastIoSeconds, 1);
    assert.equal(state.syncing, false);
  });

  it("reads how far a full sync has come", () => {
    const state = redis.state(SYNCING);
    assert.equal(state.syncing, true);
    assert.equal(state.syncProgress, 0.25);
    assert.equal(state.link, "down");
  });

  it("does not invent what an answer leaves out", () => {
    const state = redis.state("nonsense\r\n:\r\nrole");
    assert.equal(state.role, "unknown");
    assert.equal(state.offset, null);
    assert.equal(state.version, null);
  });

  it("knows crash lines from ordinary ones", () => {
    const meaning = (line: string) => redis.logRules.find((rule) => rule.pattern.test(line))?.meaning;
    assert.equal(meaning("=== REDIS BUG REPORT START: Cut & paste starting from here ==="), "crash");
    assert.equal(meaning("1:M 21 Nov 2026 03:10:49.566 # Redis 7.0.15 crashed by signal: 11, si_code: 1"), "crash");
    assert.equal(
      meaning("1:S * Full resync from master: 734186dec6287c317c833641278d4a46bd5b7a81:0"),
      "full-sync-start",
    );
    assert.equal(meaning("1:S # I/O error trying to sync with MASTER: connection lost"), "full-sync-failed");
    assert.equal(
      meaning("1:M * MASTER MODE enabled (user request from 'id=3 addr=127.0.0.1:4242')"),
      "full-sync-ended",
    );
    assert.equal(meaning("1:S * REPLICAOF toxiproxy:10003 enabled (user request from 'id=7')"), "full-sync-ended");
    assert.equal(meaning("1:M * Ready to accept connections"), undefined);
  });

  it("tells the cause of a crash from the headings above it", () => {
    const says = (line: string) => redis.logRules.find((rule) => rule.pattern.test(line))?.says;
    for (const [line, what] of [
      ["=== REDIS BUG REPORT START: Cut & paste starting from here ===", "banner"],
      ["1:S 27 Nov 2026 09:04:02.577 # === ASSERTION FAILED CLIENT CONTEXT ===", "banner"],
      ["1:S 27 Nov 2026 09:04:02.577 # ==> debug.c:498 '1 == 2' is not true", "assertion"],
      ["1:M 27 Nov 2026 09:04:02.577 # Guru Meditation: Unknown object type #object.c:412", "assertion"],
      ["1:S 27 Nov 2026 09:04:33.071 # Redis 7.0.15 crashed by signal: 11, si_code: 2", "signal"],
      ["1:M # Out Of Memory allocating 12 bytes!", undefined],
    ] as const)
      assert.equal(says(line), what, line);
  });

  it("tells that it drops keys when its memory is full, which ones, and how many it has", () => {
    const said = (policy: string, maxmemory: number, evicted: number) =>
      redis.state(`maxmemory:${maxmemory}\r\nmaxmemory_policy:${policy}\r\nevicted_keys:${evicted}\r\nrole:master\r\n`)
        .evictions;
    assert.deepEqual(said("allkeys-lru", 6_000_000, 0), { of: "any-key", keys: 0 });
    assert.deepEqual(said("volatile-ttl", 6_000_000, 7), { of: "keys-with-deadlines", keys: 7 });
    assert.deepEqual([said("noeviction", 6_000_000, 0), said("allkeys-lru", 0, 0)], [undefined, undefined]);
    // Configured otherwise since: what it had dropped is gone.
    assert.deepEqual(said("noeviction", 0, 7), { of: "any-key", keys: 7 });
  });

  it("passes a setting of several words as several arguments, and any other value as one", () => {
    const { command } = redis.launch({ user: "bob on >secret +@read", requirepass: "two words" });
    assert.deepEqual(command.slice(3), ["--user", "bob", "on", ">secret", "+@read", "--requirepass", "two words"]);
  });

  it("passes configuration as arguments, an empty value included", () => {
    const { command } = redis.launch({ save: "", appendonly: "no" });
    assert.deepEqual(command.slice(-4), ["--save", "", "--appendonly", "no"]);
    assert.equal(command[0], "redis-server");
  });
});
