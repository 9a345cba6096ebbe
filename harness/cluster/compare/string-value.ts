import { showBytes } from "../../base/show-bytes.ts";
import { bytesOf, type Difference, type ServerPair, type TypeComparison } from "./server-pair.ts";

const SMALL_BYTES = 16 * 1024;
const CHUNK_BYTES = 1024 * 1024;
const CONTEXT = 40;

export const stringValue: TypeComparison = {
  async small(pair, key) {
    const { difference, length } = await chunk(pair, key, 0, SMALL_BYTES);
    return difference ?? (length < SMALL_BYTES ? null : "big");
  },
  async big(pair, key) {
    for (let at = SMALL_BYTES; ; at += CHUNK_BYTES) {
      const { difference, length } = await chunk(pair, key, at, CHUNK_BYTES);
      if (difference || length < CHUNK_BYTES) return difference;
    }
  },
};

async function chunk(pair: ServerPair, key: Buffer, start: number, size: number) {
  const [a, b] = (await pair.both(["GETRANGE", key, start, start + size - 1])).map(bytesOf) as [Buffer, Buffer];
  return { difference: a.equals(b) ? null : around(a, b, start), length: a.length };
}

/** The bytes from the first differing one on, so that two long values do not look the same in a report. */
function around(a: Buffer, b: Buffer, start: number): Difference {
  let first = 0;
  while (first < a.length && first < b.length && a[first] === b[first]) first++;
  const from = Math.max(0, first - 8);
  const show = (bytes: Buffer) => {
    const text = showBytes(bytes.subarray(from, from + CONTEXT)).replaceAll('"', '\\"');
    const before = start + from > 0 ? "…" : "";
    const after = bytes.length > from + CONTEXT ? "…" : "";
    return `"${before}${text}${after}"${start + first > 0 ? ` (differs at byte ${start + first})` : ""}`;
  };
  return { master: show(a), replica: show(b) };
}
