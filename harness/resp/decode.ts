import { ChaosError } from "../base/chaos-error.ts";
import { type Reply, RespError } from "./reply.ts";

/*
 *   socket chunks ──push──► [ rest of last chunk | chunk ] ──next──► Reply, Reply, …, undefined (needs more bytes)
 *                                                │
 *                            open arrays (outermost first): items so far, items still to come
 *
 * A leaf (line or bulk string) is read only when all of it is there; arrays are kept open across chunks. So no byte
 * of a big reply is parsed twice, wherever the network cut it.
 */

const CR = 13;
const LF = 10;
const EMPTY = Buffer.alloc(0);
/** Above this a bulk string shares its chunk's memory; below, a copy keeps a small value from pinning 64 KiB. */
const COPY_BELOW = 4096;
const MAX_LINE = 64 * 1024;
/** Stands for "the head of an array was read": no reply yet, go on. */
const OPENED = Symbol("array opened");

interface DecoderOptions {
  /** Bytes of one bulk string. Default 512 MiB, the servers' own proto-max-bulk-len. */
  bulk?: number;
  /** Elements of one array. Default 16 Mi. */
  elements?: number;
  /** Arrays inside arrays. Default 64. */
  depth?: number;
  /**
   * What a bulk string becomes that is a whole reply: the bytes from..to of memory that may be used again after `release`.
   * By default, and inside arrays, a Buffer.
   */
  toBulk?: (bytes: Buffer, from: number, to: number) => Reply;
}

/**
 * Incremental RESP2 decoder. Bulk strings come as Buffers, simple strings as text, integers as numbers (bigint beyond
 * ±2^53), error replies as RespError. A violation of the protocol throws ChaosError, then and for ever after.
 */
export class Decoder {
  readonly #maxBulk: number;
  readonly #maxElements: number;
  readonly #maxDepth: number;
  readonly #toBulk: DecoderOptions["toBulk"];
  #buffer: Buffer = EMPTY;
  #at = 0;
  /** Chunks not yet joined, while a bulk string is known to need `#need` more bytes than `#buffer` has. */
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #need = 0;
  readonly #open: { items: Reply[]; left: number }[] = [];
  #broken: ChaosError | undefined;

  constructor(options: DecoderOptions = {}) {
    this.#maxBulk = options.bulk ?? 512 * 1024 * 1024;
    this.#maxElements = options.elements ?? 16 * 1024 * 1024;
    this.#maxDepth = options.depth ?? 64;
    this.#toBulk = options.toBulk;
  }

  /** Adds bytes from the wire. The decoder may keep the chunk: do not write into it afterwards, or only after `release`. */
  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    if (this.#need > 0) {
      this.#waiting.push(chunk);
      this.#waitingBytes += chunk.length;
      if (this.#waitingBytes < this.#need) return;
      const rest = this.#buffer.subarray(this.#at);
      this.#buffer = Buffer.concat([rest, ...this.#waiting]);
      this.#waiting = [];
      this.#waitingBytes = 0;
      this.#need = 0;
    } else if (this.#at === this.#buffer.length) {
      this.#buffer = chunk;
    } else {
      this.#buffer = Buffer.concat([this.#buffer.subarray(this.#at), chunk]);
    }
    this.#at = 0;
  }

  /** Copies what is left of the chunk last pushed, whose memory may then be used again. */
  release(): void {
    const last = this.#waiting.pop();
    if (last) this.#waiting.push(Buffer.from(last));
    else {
      this.#buffer = this.#at === this.#buffer.length ? EMPTY : Buffer.from(this.#buffer.subarray(this.#at));
      this.#at = 0;
    }
  }

  /** The next complete reply, or undefined when more bytes are needed. */
  next(): Reply | undefined {
    if (this.#broken) throw this.#broken;
    while (this.#need === 0) {
      let value = this.#element();
      if (value === undefined) return undefined;
      if (value === OPENED) continue;
      let array = this.#open.at(-1);
      while (array) {
        array.items.push(value as Reply);
        if (--array.left > 0) break;
        value = array.items;
        this.#open.pop();
        array = this.#open.at(-1);
      }
      if (!array) return value as Reply;
    }
    return undefined;
  }

  /** One leaf, or the start of a non-empty array (OPENED); undefined: not all there yet, nothing consumed. */
  #element(): Reply | undefined | typeof OPENED {
    const buffer = this.#buffer;
    const start = this.#at;
    if (start >= buffer.length) return undefined;
    const end = this.#lineEnd(start + 1);
    if (end < 0) return undefined;
    switch (buffer[start]) {
      case 0x2b: // +
        this.#at = end + 2;
        if (end - start === 3 && buffer[start + 1] === 0x4f && buffer[start + 2] === 0x4b) return "OK";
        return buffer.toString("utf8", start + 1, end);
      case 0x2d: // -
        this.#at = end + 2;
        return new RespError(buffer.toString("utf8", start + 1, end));
      case 0x3a: // :
        this.#at = end + 2;
        return this.#integer(start + 1, end);
      case 0x24: // $
        return this.#bulk(this.#length(start + 1, end, this.#maxBulk, "bulk string"), end + 2);
      case 0x2a: // *
        return this.#array(this.#length(start + 1, end, this.#maxElements, "array"), end + 2);
      default:
        return this.#fail(`reply begins with byte 0x${(buffer[start] as number).toString(16).padStart(2, "0")}`);
    }
  }

  #bulk(length: number, from: number): Reply | undefined {
    const buffer = this.#buffer;
    if (length < 0) {
      this.#at = from;
      return null;
    }
    const missing = from + length + 2 - buffer.length;
    if (missing > 0) {
      this.#need = missing;
      return undefined;
    }
    const end = from + length;
    if (buffer[end] !== CR || buffer[end + 1] !== LF) return this.#fail("bulk string does not end with CR LF");
    this.#at = end + 2;
    if (this.#toBulk && this.#open.length === 0) return this.#toBulk(buffer, from, end);
    const view = buffer.subarray(from, end);
    return this.#toBulk || length < COPY_BELOW ? Buffer.from(view) : view;
  }

  #array(length: number, from: number): Reply | typeof OPENED {
    this.#at = from;
    if (length < 0) return null;
    if (length === 0) return [];
    if (this.#open.length >= this.#maxDepth) return this.#fail(`arrays nested deeper than ${this.#maxDepth}`);
    this.#open.push({ items: [], left: length });
    return OPENED;
  }

  /** Index of the line's CR, or -1 when its CR LF is not all there. */
  #lineEnd(from: number): number {
    const buffer = this.#buffer;
    for (let i = from; i < buffer.length; i++) {
      const byte = buffer[i];
      if (byte === LF) return this.#fail("line feed without carriage return");
      if (byte !== CR) continue;
      if (i + 1 === buffer.length) return -1;
      if (buffer[i + 1] !== LF) return this.#fail("carriage return without line feed");
      return i;
    }
    if (buffer.length - from > MAX_LINE) return this.#fail(`line longer than ${MAX_LINE} bytes`);
    return -1;
  }

  #length(from: number, to: number, max: number, what: string): number {
    const length = this.#integer(from, to);
    if (length < -1 || length > max) return this.#fail(`${what} of length ${length} (limit ${max})`);
    return Number(length);
  }

  #integer(from: number, to: number): number | bigint {
    const buffer = this.#buffer;
    const sign = buffer[from] === 0x2d || buffer[from] === 0x2b ? 1 : 0;
    let value = 0;
    for (let i = from + sign; i < to; i++) {
      const digit = (buffer[i] as number) - 48;
      if (digit < 0 || digit > 9) return this.#fail("not an integer");
      value = value * 10 + digit;
    }
    if (to === from + sign || to - from > 20) return this.#fail("not an integer");
    const negative = buffer[from] === 0x2d;
    if (value > Number.MAX_SAFE_INTEGER) {
      const exact = BigInt(buffer.toString("latin1", from + sign, to));
      return negative ? -exact : exact;
    }
    return negative && value !== 0 ? -value : value;
  }

  #fail(what: string): never {
    const near = this.#buffer.subarray(this.#at, this.#at + 32).toString("latin1");
    this.#broken = new ChaosError("infrastructure", `not RESP2: ${what}, near ${JSON.stringify(near)}`, {
      hint: "Check that the address belongs to a Redis-protocol server and that nothing else answers there.",
    });
    throw this.#broken;
  }
}
