/*
 *   head │ argument │ argument │ head │ argument │ …          one buffer, written to a socket at once, then filled again
 */

const [CR, LF, DOLLAR, COLON, ZERO] = [13, 10, 36, 58, 48];
/** Of an argument's head and end: "$", its length, twice CR LF, "number:" of a value that names its write, and one STEP. */
const FRAME = 56;
const FIRST_BYTES = 64 * 1024;
/** Bytes that are copied at once where texts are short. */
const STEP = 8;
/** Above this, one call of memcpy is cheaper than copying by steps. */
const SHORT = 512;

/** Bytes that commands are put together of: UTF-8, of any length. */
export class Text {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly length: number;

  constructor(text: string) {
    this.length = Buffer.byteLength(text);
    this.bytes = Buffer.alloc(this.length + STEP);
    Buffer.from(text).copy(this.bytes);
    this.view = new DataView(this.bytes.buffer, this.bytes.byteOffset);
  }
}

/** The beginning of every command of this name: "*3\r\n$3\r\nSET\r\n". @param args how many follow the name */
export function commandHead(name: string, args: number): Text {
  return new Text(`*${args + 1}\r\n$${name.length}\r\n${name}\r\n`);
}

/**
 * Commands as RESP2 bytes, one behind the other, with no string and no object made for any of them: a load writes a
 * million a second. A head says how many arguments are to follow.
 */
export class CommandWriter {
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #view = viewOf(this.#bytes);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What was written since the last call. It stays as it is until the next write, or for ever after `leave`. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.#length);
    this.#length = 0;
    return taken;
  }

  /** A copy of what was written from there on. @param from what `length` was before */
  since(from: number): Buffer {
    return Buffer.from(this.#bytes.subarray(from, this.#length));
  }

  /** Who took the bytes last keeps them. */
  leave(): void {
    this.#bytes = Buffer.allocUnsafeSlow(this.#bytes.length);
    this.#view = viewOf(this.#bytes);
  }

  /** Bytes as they are: a head, or whole arguments. */
  piece(piece: Text): void {
    this.#ensure(piece.length + FRAME);
    this.#copy(piece, 0, this.#length, piece.length);
    this.#length += piece.length;
  }

  /** A whole command, made elsewhere. */
  whole(bytes: Uint8Array): void {
    this.#ensure(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** One argument: the prefix, and behind it a whole number >= 0 in decimals. */
  numbered(prefix: Text, number: number): void {
    this.#ensure(prefix.length + FRAME);
    const digits = digitsOf(number);
    const at = this.#open(prefix.length + digits);
    this.#copy(prefix, 0, at, prefix.length);
    putDigits(this.#bytes, at + prefix.length, number, digits);
    this.#close(at + prefix.length + digits);
  }

  /** One argument: the prefix, a whole number >= 0 in decimals, and the suffix. */
  named(prefix: Text, number: number, suffix: Text): void {
    this.#ensure(prefix.length + suffix.length + FRAME);
    const digits = digitsOf(number);
    const length = prefix.length + digits + suffix.length;
    const at = this.#open(length);
    this.#copy(prefix, 0, at, prefix.length);
    putDigits(this.#bytes, at + prefix.length, number, digits);
    this.#copy(suffix, 0, at + prefix.length + digits, suffix.length);
    this.#close(at + length);
  }

  /** One argument: `length` bytes of a text. */
  text(text: Text, from: number, length: number): void {
    this.#ensure(length + FRAME);
    const at = this.#open(length);
    this.#copy(text, from, at, length);
    this.#close(at + length);
  }

  /** One argument: a whole number >= 0, a colon, and `length` bytes of a text. */
  labelled(number: number, text: Text, from: number, length: number): void {
    this.#ensure(length + FRAME);
    const bytes = this.#bytes;
    const digits = digitsOf(number);
    const at = this.#open(digits + 1 + length);
    putDigits(bytes, at, number, digits);
    bytes[at + digits] = COLON;
    this.#copy(text, from, at + digits + 1, length);
    this.#close(at + digits + 1 + length);
  }

  /** The head of an argument; returns where its bytes go. */
  #open(length: number): number {
    const bytes = this.#bytes;
    let at = this.#length;
    bytes[at++] = DOLLAR;
    const digits = digitsOf(length);
    putDigits(bytes, at, length, digits);
    at += digits;
    bytes[at] = CR;
    bytes[at + 1] = LF;
    return at + 2;
  }

  #close(at: number): void {
    this.#bytes[at] = CR;
    this.#bytes[at + 1] = LF;
    this.#length = at + 2;
  }

  #copy(text: Text, from: number, at: number, length: number): void {
    if (length > SHORT) {
      this.#bytes.set(text.bytes.subarray(from, from + length), at);
      return;
    }
    // Up to seven bytes too many: what follows overwrites them. UTF-8 is never a NaN, whose bits might change.
    const [source, target] = [text.view, this.#view];
    for (let i = 0; i < length; i += STEP) target.setFloat64(at + i, source.getFloat64(from + i, true), true);
  }

  #ensure(more: number): void {
    const wanted = this.#length + more;
    if (wanted <= this.#bytes.length) return;
    const bytes = Buffer.allocUnsafeSlow(Math.max(wanted, this.#bytes.length * 2));
    this.#bytes.copy(bytes, 0, 0, this.#length);
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** How many decimals a whole number >= 0 has. */
export function digitsOf(number: number): number {
  let digits = 1;
  for (let limit = 10; number >= limit; limit *= 10) digits++;
  return digits;
}

function putDigits(bytes: Uint8Array, at: number, number: number, digits: number): void {
  let [rest, i] = [number, at + digits - 1];
  for (; rest > 0x7fffffff; i--) {
    const tenth = Math.floor(rest / 10);
    bytes[i] = ZERO + (rest - tenth * 10);
    rest = tenth;
  }
  // Whole numbers of 32 bits are divided by a multiplication.
  for (let small = rest | 0; i >= at; i--) {
    const tenth = (small / 10) | 0;
    bytes[i] = ZERO + small - tenth * 10;
    small = tenth;
  }
}
