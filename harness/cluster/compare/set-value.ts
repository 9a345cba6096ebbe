import { quoteBytes } from "../../base/show-bytes.ts";
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

/**
 * Equal when both have as many members and each of the master's is also the replica's: needs no order and no memory, and
 * a member that SSCAN returns twice does no harm.
 */
export const setValue: TypeComparison = {
  async small(pair, key) {
    const lengths = await pair.both(["SCARD", key]);
    if (Math.max(...lengths.map(Number)) > SMALL_ELEMENTS) return differentLength(lengths, "members") ?? "big";
    const [a, b] = (await pair.both(["SMEMBERS", key])).map((reply) => listOf(reply).map(bytesOf)) as [
      Buffer[],
      Buffer[],
    ];
    return firstMissing(a, b, "replica") ?? firstMissing(b, a, "master") ?? null;
  },
  async big(pair, key) {
    for await (const members of scan(pair.master, (cursor) => ["SSCAN", key, cursor, "COUNT", CHUNK_ELEMENTS])) {
      const answers = await Promise.all(members.map((one) => pair.replica.call(["SISMEMBER", key, bytesOf(one)])));
      const missing = members.find((_, i) => Number(answers[i]) !== 1);
      if (missing !== undefined) return missingMember(bytesOf(missing), "replica");
    }
    return null;
  },
};

function firstMissing(from: Buffer[], among: Buffer[], side: "master" | "replica"): Difference | undefined {
  const known = new Set(among.map((one) => one.toString("latin1")));
  const missing = from.find((one) => !known.has(one.toString("latin1")));
  return missing && missingMember(missing, side);
}

function missingMember(member: Buffer, side: "master" | "replica"): Difference {
  const has = `member ${quoteBytes(member)}`;
  return side === "replica" ? { master: has, replica: `no ${has}` } : { master: `no ${has}`, replica: has };
}
