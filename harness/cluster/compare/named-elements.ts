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
export type Elements<T> = Map<string, T>;

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
export function comparisonByName<T>(type: NamedElements<T>): TypeComparison {
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
export function namesAndValues(reply: Reply | Reply[]): [string, Buffer][] {
  const items = listOf(reply).map(bytesOf);
  return items.flatMap((name, i) => {
    const value = items[i + 1];
    return i % 2 === 0 && value ? [[name.toString("latin1"), value]] : [];
  });
}
