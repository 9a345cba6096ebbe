import type { NodeState } from "../journal/events.ts";
import { numberField, parseInfo, stateOf } from "./info.ts";
import { redisCluster } from "./redis-cluster.ts";
import { redisElectionRules } from "./redis-election-rules.ts";
import { redisRecipe } from "./redis-recipe.ts";
import { redisSentinel } from "./redis-sentinel.ts";
import type { LogRule, System } from "./system.ts";

/**
 * Redis, and Valkey, which answers alike and since 8.0 says PRIMARY in its log (valkey.ts). Field and log texts: Redis 7.0
 * source (server.c, replication.c, debug.c), and Valkey 8.0.1's.
 */
export const redis: System = {
  name: "redis",
  images: ["redis:7.0.15"],
  port: 6379,
  portOffsets: [0],
  dataDirectory: "/data",
  processName: "redis-server",
  recipe: redisRecipe,
  launch: (config) => ({
    // The official image's entrypoint runs its arguments; protected mode would refuse every client behind the published port.
    command: [
      "redis-server",
      ...Object.entries({ "protected-mode": "no", ...config }).flatMap(([key, value]) => [
        `--${key}`,
        ...wordsOf(key, value),
      ]),
    ],
    environment: {},
  }),
  commands: {
    flushAll: () => ["FLUSHALL"],
    flushDb: () => ["FLUSHDB"],
    promote: () => ["REPLICAOF", "NO", "ONE"],
    replicateFrom: (host, port) => ["REPLICAOF", host, String(port)],
    info: () => ["INFO"],
  },
  state: redisState,
  logRules: redisLogRules(),
  // There are 16 unless the configuration says otherwise.
  databases: { most: 16, config: () => ({}) },
  restoringReplies: ["LOADING"],
  // networking.c: with more, connections are read or written by several threads, which and when depends on the version.
  oneThread: ({ "io-threads": threads = "1" }) => threads === "1",
  // server.c, finishShutdown: the AOF is flushed to the disk; with any save point an RDB file is written.
  keepsDataWith: { appendonly: /^yes$/, save: /\S/ },
  gossip: redisCluster,
  sentinel: redisSentinel,
};

/** Settings with several words; a word of the command line that holds a space would reach the server as one (redis.conf). */
const SEVERAL_WORDS = ["bind", "client-output-buffer-limit", "loadmodule", "oom-score-adj-values", "save", "user"];

function wordsOf(key: string, value: string): string[] {
  return SEVERAL_WORDS.includes(key) && value.trim() !== "" ? value.trim().split(/\s+/) : [value];
}

function redisState(info: string): NodeState {
  const fields = parseInfo(info);
  const evictions = evictionsIn(fields);
  const state = stateOf(fields);
  const total = numberField(fields, "master_sync_total_bytes");
  const read = numberField(fields, "master_sync_read_bytes");
  return {
    ...state,
    version: fields.get("valkey_version") ?? fields.get("redis_version") ?? null,
    // With diskless sync the total is unknown (0): no progress to tell.
    syncProgress: state.syncing && total && read !== null ? Math.min(1, read / total) : null,
    loading: state.loading || fields.get("async_loading") === "1",
    workers: numberField(fields, "io_threads_active") === null ? null : 1,
    ...(evictions ? { evictions } : {}),
  };
}

/** evict.c: nothing goes without a limit, or with the policy noeviction; the volatile ones take keys with deadlines only. */
function evictionsIn(fields: Map<string, string>): NodeState["evictions"] {
  const policy = fields.get("maxmemory_policy") ?? "noeviction";
  const keys = numberField(fields, "evicted_keys") ?? 0;
  const may = policy !== "noeviction" && (numberField(fields, "maxmemory") ?? 0) > 0;
  // What was dropped is gone, whatever has been configured since.
  if (!may && keys === 0) return undefined;
  return { of: policy.startsWith("volatile-") ? "keys-with-deadlines" : "any-key", keys };
}

function redisLogRules(): LogRule[] {
  return [
    { name: "bug-report", pattern: /=== (?:REDIS|VALKEY) BUG REPORT START/i, meaning: "crash", says: "banner" },
    { name: "crashed-by-signal", pattern: /crashed by signal: (?<signal>\d+)/, meaning: "crash", says: "signal" },
    { name: "assertion", pattern: /=== ASSERTION FAILED/, meaning: "crash", says: "banner" },
    {
      name: "failed-assertion",
      pattern: /==> (?<where>\S+:\d+) '(?<what>.*)' is not true/,
      meaning: "crash",
      says: "assertion",
    },
    { name: "panic", pattern: /Guru Meditation: (?<what>.*)/, meaning: "crash", says: "assertion" },
    { name: "out-of-memory", pattern: /Out Of Memory allocating (?<bytes>\d+) bytes/, meaning: "crash" },
    {
      name: "full-resync",
      // The second is Valkey 8's with `dual-channel-replication-enabled`, which says nothing else.
      pattern: /Full resync from (?:master|primary)|PSYNC is not possible, initialize RDB channel/,
      meaning: "full-sync-start",
    },
    {
      name: "sync-receiving",
      pattern: /(?:MASTER|PRIMARY) <-> REPLICA sync: receiving (?<bytes>\d+)?/,
      meaning: "full-sync-progress",
    },
    { name: "loading", pattern: /(?:MASTER|PRIMARY) <-> REPLICA sync: Loading DB in memory/, meaning: "restoring" },
    {
      name: "sync-finished",
      pattern: /(?:MASTER|PRIMARY) <-> REPLICA sync: Finished with success/,
      meaning: "full-sync-done",
    },
    { name: "rdb-version", pattern: /Can't handle RDB format version (?<version>\d+)/, meaning: "other" },
    {
      name: "sync-failed",
      pattern:
        /I\/O error (?:trying to sync with|reading bulk count from) (?:MASTER|PRIMARY)|Failed trying to load the (?:MASTER|PRIMARY) synchronization DB|Timeout receiving bulk data from (?:MASTER|PRIMARY)|(?:MASTER|PRIMARY) aborted replication/,
      meaning: "full-sync-failed",
    },
    // It was told otherwise in the middle of it; at any other time the line means nothing.
    {
      name: "role-changed",
      pattern: /(?:MASTER|PRIMARY) MODE enabled|REPLICAOF \S+ enabled/,
      meaning: "full-sync-ended",
    },
    {
      name: "partial-resync",
      pattern: /Successful partial resynchronization with (?:master|primary)/,
      meaning: "other",
    },
    {
      name: "master-lost",
      pattern: /Connection with (?:master|primary) lost|(?:MASTER|PRIMARY) timeout/,
      meaning: "other",
    },
    ...redisElectionRules,
  ];
}
