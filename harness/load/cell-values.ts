import { seededRandom } from "../base/random.ts";
import { showBytes } from "../base/show-bytes.ts";
import type { Range } from "../base/units.ts";
import { type CellShape, NOTHING } from "../journal/history.ts";
import type { Reply, RespError } from "../resp/reply.ts";
import { replyText } from "../resp/reply-text.ts";
import { OFFSETS, randomText } from "./workloads/keys-and-values.ts";

/** Of a foreign value this many bytes are kept. */
const SHOWN_BYTES = 200;
const DIGIT_0 = 48;

/**
 * The values of a recorded load: text that begins with the number of its write ("17:kT3…", of a length within the load's
 * range, or as long as the number); of a sorted set the score is the number. Text is a function of its number, so a value
 * that was cut off or mixed up is told from a whole one.
 */
export class CellValues {
  readonly #type: CellShape["type"];
  readonly #size: Range;
  readonly #padding: string;

  constructor(type: CellShape["type"], size: Range) {
    this.#type = type;
    this.#size = size;
    this.#padding = type === "zset" ? "" : randomText(size.max, seededRandom("values of recorded loads"));
  }

  /** The text of write `number`, each character one byte. */
  text(number: number): string {
    const digits = `${number}`;
    const { min, max } = this.#size;
    const drawn = scatter(number);
    const length = min + (drawn % (max - min + 1));
    if (length <= digits.length) return digits;
    const from = (drawn >>> 16) % OFFSETS;
    return `${digits}:${this.#padding.slice(from, from + length - digits.length - 1)}`;
  }

  /** What a read of one cell said: NOTHING, the number of a write, or the text of a value that none of ours is. */
  read(reply: Exclude<Reply, RespError>): number | string {
    if (reply === null) return NOTHING;
    const bytes = Buffer.isBuffer(reply) ? reply : Buffer.from(replyText(reply));
    return this.#numberIn(bytes) ?? showBytes(bytes, SHOWN_BYTES);
  }

  #numberIn(bytes: Buffer): number | null {
    if (this.#type === "zset") {
      const score = Number(bytes.toString("latin1"));
      return Number.isSafeInteger(score) && score > 0 ? score : null;
    }
    let number = 0;
    for (const byte of bytes) {
      if (byte < DIGIT_0 || byte > DIGIT_0 + 9 || number > Number.MAX_SAFE_INTEGER / 16) break;
      number = number * 10 + byte - DIGIT_0;
    }
    return number > 0 && bytes.toString("latin1") === this.text(number) ? number : null;
  }
}

/** 32 bits that look drawn at random (the finalizer of MurmurHash3). */
function scatter(number: number): number {
  let bits = number | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
