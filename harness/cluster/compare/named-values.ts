import { quoteBytes, showBytes } from "../../base/show-bytes.ts";
import type { Reply } from "../../resp/reply.ts";
import {
  type Argv,
  bytesOf,
  CHUNK_ELEMENTS,
  type Difference,
  differentLength,
  listOf,
  type ServerPair,
  SMALL_ELEMENTS,
  scanPage,
  type TypeComparison,
} from "./server-pair.ts";

/** What a server holds of a collection: name of the element, each character one byte → what belongs to it. */
type Elements<T> = Map<string, T>;

/** A type whose elements have names: hash, set, sorted set. */
interface NamedElements<T> {
  /** The command that counts them, and what they are called: "3 members". */
  length: string;
  noun: string;
  all(key: Buffer): Argv;
  /** Reads the answer to `all`. */
  elementsOf(reply: Reply): Elements<T>;
  scan: "HSCAN" | "SSCAN" | "ZSCAN";
  /** What master and replica hold of those that one call of `scan` on the master named. */
  chunk(pair: ServerPair, key: Buffer, items: Reply[]): Promise<[Elements<T>, Elements<T>]>;
  compare(name: Buffer, onMaster: T | undefined, onReplica: T | undefined): Difference | null;
}

/**
 * Equal when both have as many elements, and each of the master's is on the replica as it is on the master: needs no order and no
 * memory, and an element that a scan returns twice does no harm.
 */
function comparisonByName<T>(type: NamedElements<T>): TypeComparison {
  const firstDifference = (master: Elements<T>, replica: Elements<T>): Difference | null => {
    for (const name of new Set([...master.keys(), ...replica.keys()])) {
      const difference = type.compare(Buffer.from(name, "latin1"), master.get(name), replica.get(name));
      if (difference) return difference;
    }
    return null;
  };
  return {
    async small(pair, key) {
      const lengths = await pair.both([type.length, key]);
      if (Math.max(...lengths.map(Number)) > SMALL_ELEMENTS) return differentLength(lengths, type.noun) ?? "big";
      const [master, replica] = await pair.both(type.all(key));
      return firstDifference(type.elementsOf(master), type.elementsOf(replica));
    },
    async big(pair, key) {
      let cursor = "0";
      do {
        const page = await scanPage(pair.master, [type.scan, key, cursor, "COUNT", CHUNK_ELEMENTS]);
        const difference = firstDifference(...(await type.chunk(pair, key, page.items)));
        if (difference) return difference;
        cursor = page.next;
      } while (cursor !== "0");
      return null;
    },
  };
}

/** Reads a flat list of names and values. */
function namesAndValues(reply: Reply | Reply[]): [string, Buffer][] {
  const items = listOf(reply).map(bytesOf);
  return items.flatMap((name, i) => {
    const value = items[i + 1];
    return i % 2 === 0 && value ? [[name.toString("latin1"), value]] : [];
  });
}

export const hashValue = comparisonByName<Buffer>({
  length: "HLEN",
  noun: "fields",
  all: (key) => ["HGETALL", key],
  elementsOf: (reply) => new Map(namesAndValues(reply)),
  scan: "HSCAN",
  async chunk(pair, key, items) {
    const fields = new Map(namesAndValues(items));
    if (fields.size === 0) return [fields, fields];
    const names = [...fields.keys()];
    const theirs = listOf(await pair.replica.call(["HMGET", key, ...names.map((name) => Buffer.from(name, "latin1"))]));
    const found = names.flatMap((name, i): [string, Buffer][] =>
      theirs[i] === null ? [] : [[name, bytesOf(theirs[i])]],
    );
    return [fields, new Map(found)];
  },
  compare(name, onMaster, onReplica) {
    if (onMaster && onReplica && onMaster.equals(onReplica)) return null;
    const show = (value: Buffer | undefined) => `field ${showBytes(name)}: ${value ? quoteBytes(value) : "missing"}`;
    return { master: show(onMaster), replica: show(onReplica) };
  },
});

export const setValue = comparisonByName<true>({
  length: "SCARD",
  noun: "members",
  all: (key) => ["SMEMBERS", key],
  elementsOf: membersOf,
  scan: "SSCAN",
  async chunk(pair, key, items) {
    const answers = await Promise.all(items.map((one) => pair.replica.call(["SISMEMBER", key, bytesOf(one)])));
    return [membersOf(items), membersOf(items.filter((_, i) => Number(answers[i]) === 1))];
  },
  compare(name, onMaster, onReplica) {
    if (onMaster === onReplica) return null;
    const show = (there: true | undefined) => `${there ? "" : "no "}member ${quoteBytes(name)}`;
    return { master: show(onMaster), replica: show(onReplica) };
  },
});

function membersOf(reply: Reply): Elements<true> {
  return new Map(listOf(reply).map((member) => [bytesOf(member).toString("latin1"), true]));
}

/** Scores are always read by the same command on both sides: ZSCAN and ZSCORE write the same number with different digits. */
export const zsetValue = comparisonByName<string>({
  length: "ZCARD",
  noun: "members",
  all: (key) => ["ZRANGE", key, 0, -1, "WITHSCORES"],
  elementsOf: (reply) => new Map(namesAndValues(reply).map(([name, score]) => [name, String(score)])),
  scan: "ZSCAN",
  async chunk(pair, key, items) {
    const names = namesAndValues(items).map(([name]) => name);
    const answers = await Promise.all(names.map((name) => pair.both(["ZSCORE", key, Buffer.from(name, "latin1")])));
    const scores = (side: 0 | 1) =>
      names.flatMap((name, i): [string, string][] => {
        const score = answers[i]?.[side];
        return score === null ? [] : [[name, bytesOf(score).toString()]];
      });
    return [new Map(scores(0)), new Map(scores(1))];
  },
  compare(name, onMaster, onReplica) {
    if (onMaster === onReplica) return null;
    const show = (score: string | undefined) =>
      score === undefined ? `no member ${quoteBytes(name)}` : `member ${quoteBytes(name)} score ${score}`;
    return { master: show(onMaster), replica: show(onReplica) };
  },
});
