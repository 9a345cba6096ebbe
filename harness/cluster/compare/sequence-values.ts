import { quoteBytes, showBytes } from "../../base/show-bytes.ts";
import type { Reply } from "../../resp/reply.ts";
import {
  bytesOf,
  CHUNK_ELEMENTS,
  type Difference,
  differentLength,
  listOf,
  type ServerPair,
  SMALL_ELEMENTS,
  type TypeComparison,
} from "./server-pair.ts";

export const listValue: TypeComparison = {
  async small(pair, key) {
    const [lengths, first] = await Promise.all([pair.both(["LLEN", key]), elements(pair, key, 0, SMALL_ELEMENTS)]);
    const longer = differentLength(lengths, "elements");
    return first ?? longer ?? (Number(lengths[0]) <= SMALL_ELEMENTS ? null : "big");
  },
  async big(pair, key) {
    const length = Number(await pair.master.call(["LLEN", key]));
    for (let at = SMALL_ELEMENTS; at < length; at += CHUNK_ELEMENTS) {
      const difference = await elements(pair, key, at, CHUNK_ELEMENTS);
      if (difference) return difference;
    }
    return null;
  },
};

async function elements(pair: ServerPair, key: Buffer, start: number, size: number): Promise<Difference | null> {
  const [a, b] = (await pair.both(["LRANGE", key, start, start + size - 1])).map((reply) => listOf(reply).map(bytesOf));
  for (let i = 0; i < Math.max(a?.length ?? 0, b?.length ?? 0); i++) {
    const x = a?.[i];
    const y = b?.[i];
    if (x && y && x.equals(y)) continue;
    const show = (value: Buffer | undefined) => `[${start + i}] ${value ? quoteBytes(value) : "missing"}`;
    return { master: show(x), replica: show(y) };
  }
  return null;
}

const LAST_SEQUENCE = 2n ** 64n - 1n;

/** Entries in order of their ids. Consumer groups are not compared: their state is not part of the data. */
export const streamValue: TypeComparison = {
  async small(pair, key) {
    const [lengths, first] = await Promise.all([pair.both(["XLEN", key]), entries(pair, key, "-", SMALL_ELEMENTS)]);
    if (first.difference) return first.difference;
    return differentLength(lengths, "entries") ?? (first.next === null ? null : "big");
  },
  async big(pair, key) {
    for (let from: string | null = "-"; from !== null; ) {
      const { difference, next }: Chunk = await entries(pair, key, from, CHUNK_ELEMENTS);
      if (difference) return difference;
      from = next;
    }
    return null;
  },
};

interface Chunk {
  difference: Difference | null;
  /** Where the next chunk begins; null when this was the last. */
  next: string | null;
}

async function entries(pair: ServerPair, key: Buffer, from: string, count: number): Promise<Chunk> {
  const [a, b] = (await pair.both(["XRANGE", key, from, "+", "COUNT", count])).map((reply) =>
    listOf(reply).map(entryOf),
  );
  const mine = a ?? [];
  const theirs = b ?? [];
  for (let i = 0; i < Math.max(mine.length, theirs.length); i++) {
    if (mine[i] !== theirs[i]) return { difference: { master: show(mine[i]), replica: show(theirs[i]) }, next: null };
  }
  const last = mine.at(-1);
  return {
    difference: null,
    next: last !== undefined && mine.length === count ? after(last.split(" ", 1)[0] ?? "") : null,
  };
}

/** One entry as a text that is equal exactly when the entries are: "1-0 4:name5:value". */
function entryOf(reply: Reply): string {
  const [id, fields] = listOf(reply);
  const parts = listOf(fields).map(bytesOf);
  return `${bytesOf(id).toString("latin1")} ${parts.map((part) => `${part.length}:${part.toString("latin1")}`).join("")}`;
}

function show(entry: string | undefined): string {
  return entry === undefined ? "no entry" : `entry ${showBytes(Buffer.from(entry, "latin1"))}`;
}

/** The smallest id above this one: "5-3" → "5-4". Exclusive ranges "(5-3" are not known to every server. */
function after(id: string): string {
  const [ms = "0", sequence = "0"] = id.split("-");
  return BigInt(sequence) === LAST_SEQUENCE ? `${BigInt(ms) + 1n}-0` : `${ms}-${BigInt(sequence) + 1n}`;
}
