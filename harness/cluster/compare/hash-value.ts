import { quoteBytes, showBytes } from "../../base/show-bytes.ts";
import type { Reply } from "../../resp/reply.ts";
import {
  bytesOf,
  CHUNK_ELEMENTS,
  type Difference,
  differentLength,
  listOf,
  SMALL_ELEMENTS,
  scan,
  type TypeComparison,
} from "./server-pair.ts";

/** Equal when both have as many fields and the replica holds each field of the master with the same value. */
export const hashValue: TypeComparison = {
  async small(pair, key) {
    const lengths = await pair.both(["HLEN", key]);
    if (Math.max(...lengths.map(Number)) > SMALL_ELEMENTS) return differentLength(lengths, "fields") ?? "big";
    const [a, b] = (await pair.both(["HGETALL", key])).map(fieldsOf) as [Fields, Fields];
    for (const name of new Set([...a.keys(), ...b.keys()])) {
      const difference = compareField(Buffer.from(name, "latin1"), a.get(name), b.get(name));
      if (difference) return difference;
    }
    return null;
  },
  async big(pair, key) {
    for await (const items of scan(pair.master, (cursor) => ["HSCAN", key, cursor, "COUNT", CHUNK_ELEMENTS])) {
      const fields = [...fieldsOf(items)];
      if (fields.length === 0) continue;
      const names = fields.map(([name]) => Buffer.from(name, "latin1"));
      const theirs = listOf(await pair.replica.call(["HMGET", key, ...names]));
      for (const [i, name] of names.entries()) {
        const their = theirs[i];
        const difference = compareField(name, fields[i]?.[1], their === null ? undefined : bytesOf(their));
        if (difference) return difference;
      }
    }
    return null;
  },
};

type Fields = Map<string, Buffer>;

function fieldsOf(reply: Reply): Fields {
  const items = listOf(reply).map(bytesOf);
  const fields: Fields = new Map();
  for (let i = 0; i + 1 < items.length; i += 2)
    fields.set((items[i] as Buffer).toString("latin1"), items[i + 1] as Buffer);
  return fields;
}

function compareField(name: Buffer, a: Buffer | undefined, b: Buffer | undefined): Difference | null {
  if (a && b && a.equals(b)) return null;
  const show = (value: Buffer | undefined) => `field ${showBytes(name)}: ${value ? quoteBytes(value) : "missing"}`;
  return { master: show(a), replica: show(b) };
}
