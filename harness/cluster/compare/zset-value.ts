import { quoteBytes } from "../../base/show-bytes.ts";
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

/**
 * Equal when both have as many members and each member of the master's has the same score on the replica. Scores are
 * always read by the same command on both sides: ZSCAN and ZSCORE write the same number with different digits.
 */
export const zsetValue: TypeComparison = {
  async small(pair, key) {
    const lengths = await pair.both(["ZCARD", key]);
    if (Math.max(...lengths.map(Number)) > SMALL_ELEMENTS) return differentLength(lengths, "members") ?? "big";
    const [a, b] = (await pair.both(["ZRANGE", key, 0, -1, "WITHSCORES"])).map(scoresOf) as [Scores, Scores];
    for (const name of new Set([...a.keys(), ...b.keys()])) {
      const difference = compareScore(Buffer.from(name, "latin1"), a.get(name), b.get(name));
      if (difference) return difference;
    }
    return null;
  },
  async big(pair, key) {
    for await (const items of scan(pair.master, (cursor) => ["ZSCAN", key, cursor, "COUNT", CHUNK_ELEMENTS])) {
      const members = items.filter((_, i) => i % 2 === 0).map(bytesOf);
      const answers = await Promise.all(members.map((member) => pair.both(["ZSCORE", key, member])));
      for (const [i, member] of members.entries()) {
        const [a, b] = (answers[i] as [Reply, Reply]).map((score) =>
          score === null ? undefined : bytesOf(score).toString(),
        );
        const difference = compareScore(member, a, b);
        if (difference) return difference;
      }
    }
    return null;
  },
};

type Scores = Map<string, string>;

function scoresOf(reply: Reply): Scores {
  const items = listOf(reply).map(bytesOf);
  const scores: Scores = new Map();
  for (let i = 0; i + 1 < items.length; i += 2)
    scores.set((items[i] as Buffer).toString("latin1"), String(items[i + 1]));
  return scores;
}

function compareScore(member: Buffer, a: string | undefined, b: string | undefined): Difference | null {
  if (a === b) return null;
  const show = (score: string | undefined) =>
    `${score === undefined ? "no member" : "member"} ${quoteBytes(member)}${score === undefined ? "" : ` score ${score}`}`;
  return { master: show(a), replica: show(b) };
}
