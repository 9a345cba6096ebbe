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

/** A few of a system's settings: each is left as it is more often than not. */
export function drawSettings(random: Random, system: string): Record<string, string> {
  const settings = Object.entries(DRAWN_SETTINGS[system] ?? {});
  return Object.fromEntries(
    settings.filter(() => maybe(random, 0.15)).map(([key, values]) => [key, random.pick(values)]),
  );
}
