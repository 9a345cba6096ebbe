import { hashValue } from "./hash-value.ts";
import { listValue } from "./list-value.ts";
import { bytesOf, type Difference, type Pair, type Side, type TypeComparison } from "./pair.ts";
import { setValue } from "./set-value.ts";
import { quoteBytes } from "./show-bytes.ts";
import { streamValue } from "./stream-value.ts";
import { stringValue } from "./string-value.ts";
import { zsetValue } from "./zset-value.ts";

const TYPES: ReadonlyMap<string, TypeComparison> = new Map([
  ["string", stringValue],
  ["list", listValue],
  ["set", setValue],
  ["zset", zsetValue],
  ["hash", hashValue],
  ["stream", streamValue],
]);

export type KeyResult =
  | { kind: "equal" }
  | { kind: "big"; type: string }
  | { kind: "unknown-type"; type: string }
  | ({ kind: "missing-on-replica" | "extra-on-replica" | "type" | "value" } & Difference);

/** Compares one key as far as that is cheap. A key that neither side has (any more) is equal. */
export async function compareKey(pair: Pair, key: Buffer): Promise<KeyResult> {
  const first = await look(pair, key);
  // Expiry strikes between two questions, and at slightly different moments on the two servers: look once more.
  if (first.result.kind !== "equal" && first.expiring) return (await look(pair, key)).result;
  return first.result;
}

/** Compares a key that `compareKey` called big, in chunks. */
export async function compareBigKey(pair: Pair, key: Buffer, type: string): Promise<KeyResult> {
  return resultOf((await TYPES.get(type)?.big(pair, key)) ?? null);
}

async function look(pair: Pair, key: Buffer): Promise<{ result: KeyResult; expiring: boolean }> {
  const [types, ttls] = await Promise.all([pair.both(["TYPE", key]), pair.both(["PTTL", key])]);
  const [type, theirs] = types.map((reply) => bytesOf(reply).toString("latin1")) as [string, string];
  const [ttl, theirTtl] = ttls.map(Number) as [number, number];
  const answer = (result: KeyResult) => ({ result, expiring: ttl !== -1 || (theirTtl !== -1 && theirs !== "none") });
  if (type === "none" && theirs === "none") return answer({ kind: "equal" });
  if (theirs === "none")
    return answer({ kind: "missing-on-replica", master: await preview(pair.master, key, type), replica: null });
  if (type === "none")
    return answer({ kind: "extra-on-replica", master: null, replica: await preview(pair.replica, key, theirs) });
  if (type !== theirs) return answer({ kind: "type", master: type, replica: theirs });
  const comparison = TYPES.get(type);
  if (!comparison) return answer({ kind: "unknown-type", type });
  const found = await comparison.small(pair, key);
  if (found === "big") return answer({ kind: "big", type });
  if (found === null && (ttl === -1) !== (theirTtl === -1)) {
    const expiry = (milliseconds: number) => (milliseconds === -1 ? "no expiry" : "expires");
    return answer({ kind: "value", master: expiry(ttl), replica: expiry(theirTtl) });
  }
  return answer(resultOf(found));
}

function resultOf(difference: Difference | null): KeyResult {
  return difference ? { kind: "value", ...difference } : { kind: "equal" };
}

async function preview(side: Side, key: Buffer, type: string): Promise<string> {
  return type === "string" ? `string ${quoteBytes(bytesOf(await side.call(["GETRANGE", key, 0, 99])))}` : type;
}
