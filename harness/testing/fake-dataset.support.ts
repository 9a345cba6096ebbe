import { type Reply, RespError } from "../resp/reply.ts";
import type { FakeServer } from "./fake-server.support.ts";

/* Test support: a dataset behind a FakeServer whose keys can expire, change and vanish at any question. */

/** How servers answer about a key that is not there (any more). */
export type Manner =
  | "redis" // none, 0, and empty values
  | "kvrocks" // none, 0, and nil
  | "pika"; // of one that has expired: its type all the same, EXISTS 0, an empty value

export interface FakeKey {
  type: "string" | "list" | "set" | "zset" | "hash";
  items: readonly string[];
  /** PTTL; -1: no expiry. */
  ttl?: number;
  expired?: boolean;
}

const WRONG_TYPE = new RespError("WRONGTYPE Operation against a key holding the wrong kind of value");
const bulk = (text: string) => Buffer.from(text);

const READS = {
  GETRANGE: {
    type: "string",
    read: (items, [, from, to]) => bulk((items[0] ?? "").slice(Number(from), Number(to) + 1)),
  },
  LLEN: { type: "list", read: (items) => items.length },
  LRANGE: { type: "list", read: (items, [, from, to]) => items.slice(Number(from), Number(to) + 1).map(bulk) },
  SCARD: { type: "set", read: (items) => items.length },
  SMEMBERS: { type: "set", read: (items) => items.map(bulk) },
  HLEN: { type: "hash", read: (items) => items.length / 2 },
  HGETALL: { type: "hash", read: (items) => items.map(bulk) },
  ZCARD: { type: "zset", read: (items) => items.length / 2 },
  ZRANGE: { type: "zset", read: (items) => items.map(bulk) },
} satisfies Record<
  string,
  { type: FakeKey["type"]; read: (items: readonly string[], args: readonly string[]) => Reply }
>;

/** @param asked called before each question is answered; what it returns is answered instead */
export function serveDataset(
  server: FakeServer,
  data: Map<string, FakeKey>,
  { manner = "redis", asked }: { manner?: Manner; asked?: (argv: readonly string[]) => Reply | undefined } = {},
): void {
  const on = (command: string, answer: (args: string[]) => Reply) =>
    server.on(command, (argv) => {
      const words = argv.map(String);
      const instead = asked?.(words);
      return instead === undefined ? answer(words.slice(1)) : instead;
    });
  const alive = (key = ""): FakeKey | undefined => {
    const one = data.get(key);
    return one?.expired ? undefined : one;
  };
  on("SCAN", ([at]) => {
    // One key per call, those that have expired as well: a cursor is the place among the names in order.
    const names = [...data.keys()].sort();
    const name = names.find((one) => at === "0" || one > (at ?? ""));
    const more = name !== undefined && names.some((one) => one > name);
    return [bulk(more ? name : "0"), name === undefined ? [] : [bulk(name)]];
  });
  on("TYPE", ([key = ""]) => (manner === "pika" ? data.get(key) : alive(key))?.type ?? "none");
  on("PTTL", ([key]) => alive(key)?.ttl ?? (alive(key) ? -1 : -2));
  on("EXISTS", ([key]) => (alive(key) ? 1 : 0));
  for (const [command, { type, read }] of Object.entries(READS)) {
    on(command, (args) => {
      const one = alive(args[0]);
      if (!one) return manner === "kvrocks" && command === "GETRANGE" ? null : read([], args);
      return one.type === type ? read(one.items, args) : WRONG_TYPE;
    });
  }
}
