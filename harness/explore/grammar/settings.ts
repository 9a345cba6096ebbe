import type { Random } from "../../base/random.ts";
import { maybe } from "./chance.ts";

/** Server settings that matter for replication and durability, with the values that are drawn: where servers differ from their defaults, bugs live. */
const DRAWN_SETTINGS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  redis: {
    "repl-diskless-sync": ["yes", "no"],
    "repl-diskless-sync-delay": ["0", "1"],
    "repl-diskless-load": ["disabled", "swapdb", "on-empty-db"],
    "repl-backlog-size": ["16kb", "1mb"],
    "repl-timeout": ["5"],
    appendonly: ["yes"],
    "aof-use-rdb-preamble": ["no"],
    "lazyfree-lazy-user-flush": ["yes"],
    "replica-lazy-flush": ["no"],
    "io-threads": ["1", "2"],
    "client-output-buffer-limit": ["replica 1mb 512kb 5"],
  },
  kvrocks: {
    workers: ["1", "2", "8"],
    "max-replication-mb": ["1", "2", "5"],
    "fullsync-recv-file-delay": ["1"],
    "rocksdb.write_buffer_size": ["4", "16"],
    "rocksdb.wal_size_limit_mb": ["1"],
    "rocksdb.wal_ttl_seconds": ["1"],
    "rocksdb.target_file_size_base": ["1"],
    "max-db-size": ["1"],
    "replica-serve-stale-data": ["no"],
    "slave-empty-db-before-fullsync": ["yes"],
  },
  pika: {
    "thread-num": ["1", "4"],
    "sync-thread-num": ["1", "2"],
    "write-buffer-size": ["4M"],
    "binlog-file-size": ["1048576"],
    "expire-logs-nums": ["10"],
    "throttle-bytes-per-second": ["1048576"],
    "max-rsync-parallel-num": ["1"],
  },
};

/** With enough data each of these lets a full sync take seconds, so that something can happen in it. */
const SLOW_SYNCS: Readonly<Record<string, readonly Readonly<Record<string, string>>[]>> = {
  // A small backlog: a replica that gets another master cannot go on where it was.
  redis: [
    { "rdb-key-save-delay": "200", "repl-backlog-size": "16kb" },
    { "rdb-key-save-delay": "400", "repl-backlog-size": "16kb" },
  ],
  kvrocks: [
    { "max-replication-mb": "2" },
    { "max-replication-mb": "5" },
    { "max-replication-mb": "10" },
    { "fullsync-recv-file-delay": "1" },
  ],
  pika: [{ "throttle-bytes-per-second": "2097152" }, { "throttle-bytes-per-second": "4194304" }],
};

/**
 * A few of a system's settings: each is left as it is more often than not.
 * @param syncs full syncs are to last for seconds
 */
export function drawSettings(random: Random, system: string, syncs = false): Record<string, string> {
  const settings = Object.entries(DRAWN_SETTINGS[system] ?? {});
  const slow = SLOW_SYNCS[system] ?? [];
  return {
    ...Object.fromEntries(
      settings.filter(() => maybe(random, 0.15)).map(([key, values]) => [key, random.pick(values)]),
    ),
    ...(syncs && slow.length > 0 && random.pick(slow)),
  };
}
