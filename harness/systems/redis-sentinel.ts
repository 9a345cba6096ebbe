import type { Reply } from "../resp/reply.ts";
import { replyText } from "../resp/reply-text.ts";
import type { SentinelMode } from "./system.ts";

/** What the sentinels call the master and its replicas. */
const NAME = "kvchaos";
const FILE = "/data/sentinel.conf";
const PREFIX = "sentinel-";
const SETTINGS: Readonly<Record<string, string>> = {
  quorum: "2",
  "down-after-milliseconds": "2000",
  "failover-timeout": "10000",
  "parallel-syncs": "1",
};
const SLOTS = 16_384;

/**
 * Redis Sentinel, and Valkey's. A sentinel writes what it learns into its configuration file, so that is made once and kept in
 * the data volume. Fields: the Redis 7.0 source (sentinel.c).
 */
export const redisSentinel: SentinelMode = {
  port: 26_379,
  prefix: PREFIX,
  // Without it sentinels take the address that the master sees its replica come from: a proxy's.
  config: (host) => ({ "replica-announce-ip": host }),
  launch: (config, self, master) => {
    const given = Object.entries(config).map(([key, value]) => [key.slice(PREFIX.length), value]);
    const { quorum, ...settings } = { ...SETTINGS, ...Object.fromEntries(given) };
    const lines = [
      "port 26379",
      "protected-mode no",
      "dir /data",
      `sentinel announce-ip ${self}`,
      `sentinel monitor ${NAME} ${master.host} ${master.port} ${quorum}`,
      ...Object.entries(settings).map(([key, value]) => `sentinel ${key} ${NAME} ${value}`),
    ];
    const make = `[ -e ${FILE} ] || printf '%s\\n' "$@" >${FILE}`;
    // Valkey's image knows its program by Redis's name too; the process is to have its own.
    const start = `exec "$(command -v valkey-server || command -v redis-server)" ${FILE} --sentinel`;
    return { command: ["sh", "-c", `${make}; ${start}`, "sentinel", ...lines], environment: {} };
  },
  commands: {
    view: () => ["SENTINEL", "MASTER", NAME],
    failover: () => ["SENTINEL", "FAILOVER", NAME],
  },
  view: (reply) => {
    const fields = fieldsOf(reply);
    const host = fields.get("ip");
    const epoch = Number(fields.get("config-epoch") ?? 0);
    return { self: null, masters: host ? [{ host, epoch, slots: [[0, SLOTS - 1]] }] : [], replicaOf: {} };
  },
  known: (reply) => {
    const fields = fieldsOf(reply);
    return {
      replicas: Number(fields.get("num-slaves") ?? 0),
      sentinels: Number(fields.get("num-other-sentinels") ?? 0),
    };
  },
};

/** A flat list of names and values. */
function fieldsOf(reply: Reply): Map<string, string> {
  const words = Array.isArray(reply) ? reply.map((one) => replyText(one)) : [];
  return new Map(words.flatMap((word, i) => (i % 2 === 0 ? [[word, words[i + 1] ?? ""] as const] : [])));
}

/**
 * Redis's sentinels over another server: they ask it in Redis's words (INFO, PUBLISH, and SLAVEOF within MULTI). Their own program is
 * another image's. That server finds out by itself under which address its replicas come in.
 */
export const foreignSentinel: SentinelMode = { ...redisSentinel, image: "redis:7.0.15", config: () => ({}) };
