import { quoteBytes } from "../../base/show-bytes.ts";
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
    const [lengths, first] = await Promise.all([pair.both(["LLEN", key]), chunk(pair, key, 0, SMALL_ELEMENTS)]);
    const longer = differentLength(lengths, "elements");
    return first ?? longer ?? (Number(lengths[0]) <= SMALL_ELEMENTS ? null : "big");
  },
  async big(pair, key) {
    const length = Number(await pair.master.call(["LLEN", key]));
    for (let at = SMALL_ELEMENTS; at < length; at += CHUNK_ELEMENTS) {
      const difference = await chunk(pair, key, at, CHUNK_ELEMENTS);
      if (difference) return difference;
    }
    return null;
  },
};

async function chunk(pair: ServerPair, key: Buffer, start: number, size: number): Promise<Difference | null> {
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
