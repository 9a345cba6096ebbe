import type { Random } from "../../base/random.ts";
import type { Range } from "../../base/units.ts";
import type { LoadSpec } from "../../journal/plan.ts";
import { type CommandWriter, commandHead, Text } from "../../resp/command-writer.ts";
import type { CommandSource } from "./workload.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/** Different places where a value may begin: how many different values of one length there are. */
export const OFFSETS = 16_384;

/** Writes one argument of a command, another one each time. */
export type Argument = (to: CommandWriter) => void;

/** Commands of one name, with arguments that differ. */
export function command(name: string, ...args: Argument[]): CommandSource {
  const head = commandHead(name, args.length);
  return (to) => {
    to.piece(head);
    for (const argument of args) argument(to);
  };
}

/** One of the load's keys, each equally likely. */
export function keys(spec: Pick<LoadSpec, "keys" | "keyPrefix">, random: Random): Argument {
  return numbered(spec.keyPrefix, spec.keys, random);
}

/** A number below `count` behind a prefix, each equally likely. */
export function numbered(prefix: string, count: number, random: Random): Argument {
  const text = new Text(prefix);
  return (to) => to.numbered(text, Math.floor(random.next() * count));
}

/** A number for a write that is not recorded: where keys expire, it decides which command that is (deadlineOf). */
export function anyNumber({ ttl }: Pick<LoadSpec, "ttl">, random: Random): number {
  return ttl === undefined ? 0 : Math.floor(random.next() * 0x7fff_ffff);
}

/** Always the same whole number. */
export function always(number: number): Argument {
  const none = new Text("");
  return (to) => to.numbered(none, number);
}

/**
 * Printable values of a length within the range. Each is cut out of one random text made beforehand, so a value costs
 * two random numbers whatever its size.
 */
export function values(size: Range, random: Random): Argument {
  const text = new Text(randomText(size.max, random));
  return (to) => {
    const from = Math.floor(random.next() * OFFSETS);
    to.text(text, from, random.int(size.min, size.max));
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
