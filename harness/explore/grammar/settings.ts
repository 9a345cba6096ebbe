import type { Random } from "../../base/random.ts";
import { maybe } from "./chance.ts";

/** Server settings that matter for replication and durability, with the values that are drawn: where servers differ from their defaults, bugs live. */
const DRAWN_SETTINGS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  redis: {
    "repl-diskless-sync": ["yes", "no"],
    "repl-diskless-load": ["disabled", "swapdb", "on-empty-db"],
    "repl-backlog-size": ["16kb", "1mb"],
    appendonly: ["yes"],
    "lazyfree-lazy-user-flush": ["yes"],
    "min-replicas-to-write": ["0"],
    "io-threads": ["1", "2"],
    "client-output-buffer-limit": ["replica 1mb 512kb 5"],
  },
  kvrocks: {
    workers: ["1", "2", "8"],
    "rocksdb.write_buffer_size": ["4", "16"],
    "rocksdb.wal_size_limit_mb": ["1"],
    "rocksdb.wal_ttl_seconds": ["1"],
    "max-replication-mb": ["1"],
    "resp3-enabled": ["no"],
  },
  pika: {
    "thread-num": ["1", "4"],
    "sync-thread-num": ["1", "2"],
    databases: ["1"],
    "write-buffer-size": ["4M"],
    "expire-logs-nums": ["10"],
    "throttle-bytes-per-second": ["1048576"],
  },
};

/** A few of a system's settings: each is left as it is more often than not. */
export function drawSettings(random: Random, system: string): Record<string, string> {
  const settings = Object.entries(DRAWN_SETTINGS[system] ?? {});
  return Object.fromEntries(
    settings.filter(() => maybe(random, 0.15)).map(([key, values]) => [key, random.pick(values)]),
  );
}
