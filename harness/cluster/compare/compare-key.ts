import { hashValue } from "./hash-value.ts";
import { listValue } from "./list-value.ts";
import { setValue } from "./set-value.ts";
import { quoteBytes } from "./show-bytes.ts";
import { streamValue } from "./stream-value.ts";
import { stringValue } from "./string-value.ts";
import { bytesOf, type Difference, Odd, type Pair, type Side, type TypeComparison } from "./two-servers.ts";
import { zsetValue } from "./zset-value.ts";

/*
 *   TYPE, PTTL ─► values ─┬─ equal ──────────────────────────────────────────────────► equal
 *                         └─ different, or an odd answer ─► TYPE, EXISTS once more ─┬─► missing, extra, type, value
 *                                                                                   └─► odd: it changed meanwhile
 */

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
  | { kind: "unknown-type"; type: string }
  /** This look tells nothing; `why` says which answer is to blame. */
  | { kind: "odd"; why: string }
  /** A side redirects whoever asks for it. */
  | { kind: "moved"; slot: number; why: string }
  | ({ kind: "missing-on-replica" | "extra-on-replica" | "type" | "value" } & Difference);

/** What both say of a key before its value is read: master first. */
interface Names {
  types: readonly [string, string];
  /** PTTL: -1 no expiry, -2 no such key. */
  ttls: readonly [number, number];
}

/** What one look at a key showed. */
export interface Look {
  result: KeyResult;
  /** The longer of the times after which it expires on either side, ms; null: it expires on neither. */
  expiresIn: number | null;
}

/** Compares one key as far as that is cheap; "big": `lookAtBigKey` goes on. A key that neither side has (any more) is equal. */
export async function lookAtKey(pair: Pair, key: Buffer): Promise<Look | { kind: "big"; names: Names }> {
  let names: Names;
  try {
    names = await namesOf(pair, key);
  } catch (error) {
    return { result: oddOf(error), expiresIn: null };
  }
  const result = await seen(() => compareSmall(pair, key, names));
  if (result.kind === "big") return { kind: "big", names };
  return { result: await confirmed(pair, key, names, result), expiresIn: expiry(names) };
}

/** Compares a key that `lookAtKey` called big, in chunks. */
export async function lookAtBigKey(pair: Pair, key: Buffer, names: Names): Promise<Look> {
  const result = await seen(async () => resultOf((await TYPES.get(names.types[0])?.big(pair, key)) ?? null));
  return { result: await confirmed(pair, key, names, result), expiresIn: expiry(names) };
}

async function namesOf(pair: Pair, key: Buffer): Promise<Names> {
  const [types, ttls] = await Promise.all([typesOf(pair, key), pair.both(["PTTL", key])]);
  return { types, ttls: [Number(ttls[0]), Number(ttls[1])] };
}

async function typesOf(pair: Pair, key: Buffer): Promise<[string, string]> {
  const [type, theirs] = await pair.both(["TYPE", key]);
  return [bytesOf(type).toString("latin1"), bytesOf(theirs).toString("latin1")];
}

function expiry({ ttls }: Names): number | null {
  const longest = Math.max(...ttls);
  return longest >= 0 ? longest : null;
}

async function compareSmall(pair: Pair, key: Buffer, { types, ttls }: Names): Promise<KeyResult | { kind: "big" }> {
  const [type, theirs] = types;
  if (type === "none" && theirs === "none") return { kind: "equal" };
  // What it is to be called, `confirmed` finds out.
  if (type !== theirs) return { kind: "type", master: type, replica: theirs };
  const comparison = TYPES.get(type);
  if (!comparison) return { kind: "unknown-type", type };
  const found = await comparison.small(pair, key);
  if (found === "big") return { kind: "big" };
  if (found === null && (ttls[0] < 0 || ttls[1] < 0) && ttls[0] !== ttls[1]) {
    const [master, replica] = ttls.map((ttl) => (ttl === -1 ? "no expiry" : "expires")) as [string, string];
    return { kind: "value", master, replica };
  }
  return resultOf(found);
}

/**
 * Before a difference is believed: is the key still there, and the same as before? A server may name the type of a key that has
 * expired and read its value as an empty one (Pika, until it is compacted away): to EXISTS it is gone, and that is what counts.
 */
async function confirmed(pair: Pair, key: Buffer, { types }: Names, result: KeyResult): Promise<KeyResult> {
  if (result.kind === "equal" || result.kind === "unknown-type") return result;
  return seen(async () => {
    const [now, exist] = await Promise.all([typesOf(pair, key), pair.both(["EXISTS", key])]);
    const there = exist.map((reply) => Number(reply) > 0) as [boolean, boolean];
    const changed = types.some((type, i) => type !== now[i] || (type === "none" && there[i]));
    if (changed) return { kind: "odd", why: "it changed while it was looked at" };
    if (!there[0] && !there[1]) return { kind: "equal" };
    if (!there[1])
      return { kind: "missing-on-replica", master: await preview(pair.master, key, types[0]), replica: null };
    if (!there[0])
      return { kind: "extra-on-replica", master: null, replica: await preview(pair.replica, key, types[1]) };
    return result;
  });
}

function resultOf(difference: Difference | null): KeyResult {
  return difference ? { kind: "value", ...difference } : { kind: "equal" };
}

type NoAnswer = Extract<KeyResult, { kind: "odd" | "moved" }>;

async function seen<T>(look: () => Promise<T>): Promise<T | NoAnswer> {
  try {
    return await look();
  } catch (error) {
    return oddOf(error);
  }
}

function oddOf(error: unknown): NoAnswer {
  if (!(error instanceof Odd)) throw error;
  const why = error.message;
  return error.movedSlot === null ? { kind: "odd", why } : { kind: "moved", slot: error.movedSlot, why };
}

async function preview(side: Side, key: Buffer, type: string): Promise<string> {
  if (type !== "string") return type;
  const value = await seen(async () => bytesOf(await side.call(["GETRANGE", key, 0, 99])));
  return Buffer.isBuffer(value) ? `string ${quoteBytes(value)}` : type;
}
