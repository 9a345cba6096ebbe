import type { Random } from "../../base/random.ts";
import type { Range } from "../../base/units.ts";
import type { LoadSpec } from "../../journal/plan.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/** Different places where a value may begin: how many different values of one length there are. */
export const OFFSETS = 16_384;

/** Picks one of the load's keys, each equally likely. */
export function keys(spec: Pick<LoadSpec, "keys" | "keyPrefix">, random: Random): () => string {
  const { keys: count } = spec;
  const name = keyNames(spec);
  return () => name(Math.floor(random.next() * count));
}

/** Names keys by their number, each character one byte. */
export function keyNames(spec: Pick<LoadSpec, "keyPrefix">): (key: number) => string {
  const prefix = Buffer.from(spec.keyPrefix, "utf8").toString("latin1");
  return (key) => prefix + key;
}

/**
 * Printable values of a length within the range. Each is a slice of one random text made beforehand, so a value costs
 * two random numbers whatever its size.
 */
export function values(size: Range, random: Random): () => string {
  const flat = randomText(size.max, random);
  return () => {
    const from = Math.floor(random.next() * OFFSETS);
    return flat.slice(from, from + random.int(size.min, size.max));
  };
}

/** A printable text that has `length` characters from each of the OFFSETS on. */
export function randomText(length: number, random: Random): string {
  let text = "";
  for (let i = 0; i < OFFSETS; i++) text += ALPHABET[Math.floor(random.next() * 64)];
  while (text.length < OFFSETS + length) text += text;
  // Characters joined one by one are a tree; as bytes and back they are one flat string, cheap to slice.
  return Buffer.from(text, "latin1").toString("latin1", 0, OFFSETS + length);
}
