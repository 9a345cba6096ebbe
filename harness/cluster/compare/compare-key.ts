import { quoteBytes } from "../../base/show-bytes.ts";
import { hashValue, setValue, zsetValue } from "./named-values.ts";
import { listValue, streamValue } from "./sequence-values.ts";
import {
  bytesOf,
  type ComparedServer,
  type Difference,
  type ServerPair,
  type TypeComparison,
  UnexpectedReply,
} from "./server-pair.ts";
import { stringValue } from "./string-value.ts";

/*
 *   TYPE, PTTL ─► values ─┬─ equal ──────────────────────────────────────────────────► equal
 *                         └─ different, or an unexpected answer ─► TYPE, EXISTS once more ─┬─► missing, extra, type, value
 *                                                                                   └─► unexpected: it changed meanwhile
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
  | { kind: "unexpected"; why: string }
  /** A side redirects whoever asks for it. */
  | { kind: "moved"; slot: number; why: string }
  | ({ kind: "missing-on-replica" | "extra-on-replica" | "type" | "value" } & Difference);

/** What both say of a key before its value is read: master first. */
interface KeyFacts {
  types: readonly [string, string];
  lives: readonly [Life, Life];
}

/** How long one side's key has left. */
interface Life {
  /** PTTL: -1 no expiry, -2 no such key. */
  ttl: number;
  /** `performance.now()` between which the deadline lies, for the answer was given between question and receipt. */
  from: number;
  to: number;
}

/** Deadlines may be so far apart: servers that count in seconds, and replicas that are told the seconds and not the deadline. ms */
const DEADLINES_MS = 3_000;

/** What one look at a key showed. */
export interface KeyComparison {
  result: KeyResult;
  /** The longer of the times after which it expires on either side, ms; null: it expires on neither. */
  expiresIn: number | null;
}

/** Compares one key as far as that is cheap; "big": `compareBigKey` goes on. A key that neither side has (any more) is equal. */
export async function compareKey(
  pair: ServerPair,
  key: Buffer,
): Promise<KeyComparison | { kind: "big"; names: KeyFacts }> {
  let names: KeyFacts;
  try {
    names = await factsOf(pair, key);
  } catch (error) {
    return { result: noAnswer(error), expiresIn: null };
  }
  const result = await answered(() => compareSmall(pair, key, names));
  if (result.kind === "big") return { kind: "big", names };
  return { result: await confirmed(pair, key, names, result), expiresIn: expiry(names) };
}

/** Compares a key that `compareKey` called big, in chunks. */
export async function compareBigKey(pair: ServerPair, key: Buffer, names: KeyFacts): Promise<KeyComparison> {
  const result = await answered(async () => {
    return resultOf((await TYPES.get(names.types[0])?.big(pair, key)) ?? differentLives(names));
  });
  return { result: await confirmed(pair, key, names, result), expiresIn: expiry(names) };
}

async function factsOf(pair: ServerPair, key: Buffer): Promise<KeyFacts> {
  const [types, mine, theirs] = await Promise.all([
    typesOf(pair, key),
    lifeOf(pair.master, key),
    lifeOf(pair.replica, key),
  ]);
  return { types, lives: [mine, theirs] };
}

async function lifeOf(side: ComparedServer, key: Buffer): Promise<Life> {
  const asked = performance.now();
  const ttl = Number(await side.call(["PTTL", key]));
  return { ttl, from: asked + ttl, to: performance.now() + ttl };
}

async function typesOf(pair: ServerPair, key: Buffer): Promise<[string, string]> {
  const [type, theirs] = await pair.both(["TYPE", key]);
  return [bytesOf(type).toString("latin1"), bytesOf(theirs).toString("latin1")];
}

function expiry({ lives }: KeyFacts): number | null {
  const longest = Math.max(...lives.map(({ ttl }) => ttl));
  return longest >= 0 ? longest : null;
}

/** Of values that are equal: one that expires and one that does not, or deadlines that are far apart for certain. */
function differentLives({ lives: [mine, theirs] }: KeyFacts): Difference | null {
  if (mine.ttl >= 0 && theirs.ttl >= 0) {
    const apart = Math.max(mine.from, theirs.from) - Math.min(mine.to, theirs.to);
    if (apart <= DEADLINES_MS) return null;
    const seconds = `${Math.round(apart / 1000)} s`;
    const [first, second] = [`expires ${seconds} before`, `expires ${seconds} after`];
    return mine.from < theirs.from ? { master: first, replica: second } : { master: second, replica: first };
  }
  if (mine.ttl === theirs.ttl) return null;
  const [master, replica] = [mine, theirs].map(({ ttl }) => (ttl === -1 ? "no expiry" : "expires")) as [string, string];
  return { master, replica };
}

async function compareSmall(pair: ServerPair, key: Buffer, facts: KeyFacts): Promise<KeyResult | { kind: "big" }> {
  const [type, theirs] = facts.types;
  if (type === "none" && theirs === "none") return { kind: "equal" };
  // What it is to be called, `confirmed` finds out.
  if (type !== theirs) return { kind: "type", master: type, replica: theirs };
  const comparison = TYPES.get(type);
  if (!comparison) return { kind: "unknown-type", type };
  const found = await comparison.small(pair, key);
  if (found === "big") return { kind: "big" };
  return resultOf(found ?? differentLives(facts));
}

/**
 * Before a difference is believed: is the key still there, and the same as before? A server may name the type of a key that has
 * expired and read its value as an empty one (Pika, until it is compacted away): to EXISTS it is gone, and that is what counts.
 */
async function confirmed(pair: ServerPair, key: Buffer, { types }: KeyFacts, result: KeyResult): Promise<KeyResult> {
  if (result.kind === "equal" || result.kind === "unknown-type") return result;
  return answered(async () => {
    const [now, exist] = await Promise.all([typesOf(pair, key), pair.both(["EXISTS", key])]);
    const there = exist.map((reply) => Number(reply) > 0) as [boolean, boolean];
    const changed = types.some((type, i) => type !== now[i] || (type === "none" && there[i]));
    if (changed) return { kind: "unexpected", why: "it changed while it was looked at" };
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

type NoAnswer = Extract<KeyResult, { kind: "unexpected" | "moved" }>;

async function answered<T>(look: () => Promise<T>): Promise<T | NoAnswer> {
  try {
    return await look();
  } catch (error) {
    return noAnswer(error);
  }
}

function noAnswer(error: unknown): NoAnswer {
  if (!(error instanceof UnexpectedReply)) throw error;
  const why = error.message;
  return error.movedSlot === null ? { kind: "unexpected", why } : { kind: "moved", slot: error.movedSlot, why };
}

async function preview(side: ComparedServer, key: Buffer, type: string): Promise<string> {
  if (type !== "string") return type;
  const value = await answered(async () => bytesOf(await side.call(["GETRANGE", key, 0, 99])));
  return Buffer.isBuffer(value) ? `string ${quoteBytes(value)}` : type;
}
