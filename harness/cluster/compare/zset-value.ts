import { quoteBytes } from "../../base/show-bytes.ts";
import { comparisonByName, namesAndValues } from "./named-elements.ts";
import { bytesOf } from "./server-pair.ts";

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
