import { seededRandom } from "../base/random.ts";
import { scatter } from "../base/scatter.ts";
import { showBytes } from "../base/show-bytes.ts";
import type { Range } from "../base/units.ts";
import { type CellShape, counted, NOTHING } from "../journal/history.ts";
import { type CommandWriter, digitsOf, Text } from "../resp/command-writer.ts";
import { type Reply, RespError } from "../resp/reply.ts";
import { replyText } from "../resp/reply-text.ts";
import { OFFSETS, randomText } from "./workloads/keys-and-values.ts";
import type { WriteNumbers } from "./workloads/workload.ts";

/** Of a foreign value this many bytes are kept. */
const SHOWN_BYTES = 200;
const DIGIT_0 = 48;
const COLON = 58;
const NO_PREFIX = new Text("");
/** Bytes that are compared at once. */
const STEP = 8;

/**
 * The values of a recorded load: text that begins with the number of its write ("17:kT3…", of a length within the load's
 * range, or as long as the number); of a sorted set the score is the number. Text is a function of its number, so a value
 * that was cut off or mixed up is told from a whole one.
 */
export class CellValues {
  readonly #type: CellShape["type"];
  readonly #size: Range;
  readonly #padding: Text;
  /** The memory that was looked into last: replies lie in one piece of it for many reads. */
  #seen: Buffer = Buffer.alloc(0);
  #view: DataView = new DataView(new ArrayBuffer(0));

  constructor(type: CellShape["type"], size: Range) {
    this.#type = type;
    this.#size = size;
    this.#padding = new Text(
      type === "zset" || type === "counter" ? "" : randomText(size.max, seededRandom("values of recorded loads")),
    );
  }

  /** Writes the value of write `number`, as one argument of a command. */
  write(to: CommandWriter, number: number): void {
    const rest = this.#padded(number);
    if (rest < 0) to.numbered(NO_PREFIX, number);
    else to.labelled(number, this.#padding, paddingFrom(number), rest);
  }

  /** What a read of one cell said: NOTHING, the number of a write, or the text of a value that none of ours is. */
  read(reply: Exclude<Reply, RespError>): number | string {
    if (this.#type === "group" && Array.isArray(reply)) return this.#readParts(reply);
    return this.#readPart(reply);
  }

  /** The value that all keys of a group hold, or which of them hold which. */
  #readParts(parts: readonly Reply[]): number | string {
    const values = parts.map((part) => (part instanceof RespError ? part.message : this.#readPart(part)));
    const [first = NOTHING] = values;
    if (values.every((value) => value === first)) return first;
    const text = (value: number | string) =>
      value === NOTHING ? "nothing" : typeof value === "number" ? `v${value}` : value;
    const kinds = [...new Set(values)].map((value) => {
      const keys = values.flatMap((one, i) => (one === value ? [i] : []));
      return `${text(value)} in ${keys.join(", ")}`;
    });
    return showBytes(Buffer.from(kinds.join("; ")), SHOWN_BYTES);
  }

  #readPart(part: Exclude<Reply, RespError>): number | string {
    return part === null ? NOTHING : this.readAt(...bytesOf(part));
  }

  /** What a read of one cell said with a string: the bytes from..to, which are looked at where they lie. */
  readAt(bytes: Buffer, from: number, to: number): number | string {
    return this.#numberIn(bytes, from, to) ?? showBytes(bytes.subarray(from, to), SHOWN_BYTES);
  }

  #numberIn(bytes: Buffer, from: number, to: number): number | null {
    if (this.#type === "counter") {
      const text = bytes.toString("latin1", from, to);
      return /^-?\d+$/.test(text) ? counted(Number(text)) : null;
    }
    if (this.#type === "zset") {
      const score = Number(bytes.toString("latin1", from, to));
      return Number.isSafeInteger(score) && score > 0 ? score : null;
    }
    let number = 0;
    for (let i = from; i < to; i++) {
      const digit = (bytes[i] as number) - DIGIT_0;
      if (digit < 0 || digit > 9 || number > Number.MAX_SAFE_INTEGER / 16) break;
      number = number * 10 + digit;
    }
    return number > 0 && this.#isWhole(bytes, from, to, number) ? number : null;
  }

  /** Are the bytes from..to, which begin with the number of a write, all of its value? */
  #isWhole(bytes: Buffer, from: number, to: number, number: number): boolean {
    const digits = digitsOf(number);
    const rest = this.#padded(number);
    if (bytes[from] === DIGIT_0) return false;
    if (rest < 0) return to - from === digits;
    if (to - from !== digits + 1 + rest || bytes[from + digits] !== COLON) return false;
    const { bytes: padding, view: ours } = this.#padding;
    const theirs = this.#viewOf(bytes);
    let at = from + digits + 1;
    const shift = paddingFrom(number) - at;
    // Padding is printable, so eight bytes of it are never NaN or 0, and a number that equals them has the same bytes.
    for (; at + STEP <= to; at += STEP) {
      if (theirs.getFloat64(at, true) !== ours.getFloat64(at + shift, true)) return false;
    }
    for (; at < to; at++) if (bytes[at] !== padding[at + shift]) return false;
    return true;
  }

  #viewOf(bytes: Buffer): DataView {
    if (this.#seen !== bytes) {
      this.#seen = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    return this.#view;
  }

  /** Bytes behind "number:"; below 0: the value is the number alone. */
  #padded(number: number): number {
    if (this.#type === "zset") return -1;
    const { min, max } = this.#size;
    const length = min + (scatter(number) % (max - min + 1));
    return length - digitsOf(number) - 1;
  }
}

function bytesOf(reply: Exclude<Reply, RespError | null>): [bytes: Buffer, from: number, to: number] {
  const bytes = Buffer.isBuffer(reply) ? reply : Buffer.from(replyText(reply));
  return [bytes, 0, bytes.length];
}

/** The numbers of one thread's writes, and the values that carry them. @param read the value that a read said */
export function writeNumbers(
  values: CellValues,
  share: { index: number; of: number },
  read: WriteNumbers["read"],
): WriteNumbers {
  let number = 1 + share.index - share.of;
  return {
    next: () => {
      number += share.of;
      return number;
    },
    write: (to, of) => values.write(to, of),
    read,
  };
}

/** Where in the padding the text of a write begins. */
function paddingFrom(number: number): number {
  return (scatter(number) >>> 16) % OFFSETS;
}
