import { close as closeFile, mkdirSync, openSync, write as writeFile } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { ChaosError, messageOf } from "../base/chaos-error.ts";
import { encodeOperation, foreignFile, MAGIC, type OperationFields, RECORD_BYTES } from "./format.ts";

/*
 *   add ─► chunk ──(full, flush)──► queue ─► one write at a time, in the background ─► file
 *            ▲                                              │
 *            └────────────── empty chunks ◄─────────────────┘
 */

const CHUNK_BYTES = RECORD_BYTES * 8192;
/** When this much waits for the disk, recording ends: memory is not the disk's buffer, and a load never waits for it. */
const MOST_WAITING = 128;
/** Different foreign values that are kept; all others become one. A handful tells that somebody else writes. */
const MOST_FOREIGN = 10_000;
const OTHERS = "(one of many other values)";

const write = promisify(writeFile);
const close = promisify(closeFile);

/** What a writer has to tell at its end. */
export interface WriterEnd {
  /** Operations it was given. The file holds fewer when `failure` is not null. */
  operations: number;
  /** Why not everything is in the file. */
  failure: string | null;
}

/**
 * Appends operations to one file. `add` copies 34 bytes and never waits; what it was given reaches the disk by `flush`
 * (call it once a second: a killed harness loses what came later) and `close`. A disk that refuses is reported by `close`.
 */
export class HistoryWriter {
  readonly #file: string;
  readonly #fd: number;
  #foreignFd: number | undefined;
  readonly #foreign = new Map<string, number>();
  /** Foreign values not yet written: they go before the operations that name them. */
  #foreignLines = "";
  readonly #empty: Buffer[] = [];
  readonly #queue: { bytes: Buffer; used: number; foreign: string }[] = [];
  #chunk: Buffer;
  #view: DataView;
  #used = 0;
  #operations = 0;
  #writing: Promise<void> | undefined;
  #failure: string | null = null;
  #closed: Promise<WriterEnd> | undefined;

  private constructor(file: string, fd: number) {
    this.#file = file;
    this.#fd = fd;
    this.#chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    this.#view = viewOf(this.#chunk);
    this.#queue.push({ bytes: MAGIC, used: MAGIC.length, foreign: "" });
  }

  /** Creates the file and, where it is missing, its folder. @throws ChaosError infrastructure when that cannot be done */
  static open(file: string): HistoryWriter {
    try {
      mkdirSync(path.dirname(file), { recursive: true });
      return new HistoryWriter(file, openSync(file, "wx"));
    } catch (error) {
      throw new ChaosError("infrastructure", `cannot create ${file}: ${messageOf(error)}`, { cause: error });
    }
  }

  /** Appends one operation; the object may be used again. After `close` it does nothing. */
  add(operation: OperationFields): void {
    if (this.#closed) return;
    this.#operations++;
    if (this.#failure !== null) return;
    encodeOperation(this.#view, this.#used, operation);
    this.#used += RECORD_BYTES;
    if (this.#used === CHUNK_BYTES) this.flush();
  }

  /** The value that stands for a foreign one in an operation. @param text printable */
  foreign(text: string): number {
    const shown = this.#foreign.size < MOST_FOREIGN || this.#foreign.has(text) ? text : OTHERS;
    let index = this.#foreign.get(shown);
    if (index === undefined) {
      index = this.#foreign.size;
      this.#foreign.set(shown, index);
      this.#foreignLines += `${JSON.stringify(shown)}\n`;
    }
    return -(index + 1);
  }

  /** Hands over to the disk what was added since the last time. */
  flush(): void {
    if (this.#closed || this.#failure !== null || this.#used === 0) return;
    if (this.#queue.length >= MOST_WAITING) {
      this.#fail(`the disk takes it too slowly: ${this.#queue.length} × ${CHUNK_BYTES} bytes were waiting`);
      return;
    }
    this.#queue.push({ bytes: this.#chunk, used: this.#used, foreign: this.#foreignLines });
    this.#foreignLines = "";
    this.#chunk = this.#empty.pop() ?? Buffer.allocUnsafeSlow(CHUNK_BYTES);
    this.#view = viewOf(this.#chunk);
    this.#used = 0;
    this.#writing ??= this.#drain();
  }

  /** Resolves when all that was added is written, or never will be. For who has more to add than memory should hold. */
  async written(): Promise<void> {
    this.flush();
    await this.#writing;
  }

  /** Writes the rest and closes. Never rejects. Idempotent. */
  close(): Promise<WriterEnd> {
    if (!this.#closed) {
      this.flush();
      this.#closed = this.#end();
    }
    return this.#closed;
  }

  async #end(): Promise<WriterEnd> {
    this.#writing ??= this.#drain();
    await this.#writing;
    for (const fd of [this.#fd, this.#foreignFd]) {
      if (fd !== undefined) await close(fd).catch((error: unknown) => this.#fail(messageOf(error)));
    }
    return { operations: this.#operations, failure: this.#failure };
  }

  async #drain(): Promise<void> {
    try {
      for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
        if (next.foreign !== "") await this.#writeForeign(next.foreign);
        await writeAll(this.#fd, next.bytes.subarray(0, next.used));
        if (next.bytes.length === CHUNK_BYTES) this.#empty.push(next.bytes);
      }
    } catch (error) {
      this.#fail(`cannot write ${this.#file}: ${messageOf(error)}`);
    }
    this.#writing = undefined;
  }

  async #writeForeign(lines: string): Promise<void> {
    this.#foreignFd ??= openSync(foreignFile(this.#file), "wx");
    await writeAll(this.#foreignFd, Buffer.from(lines, "utf8"));
  }

  #fail(why: string): void {
    this.#failure ??= why;
    this.#queue.length = 0;
    this.#used = 0;
  }
}

function viewOf(chunk: Buffer): DataView {
  return new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
}

async function writeAll(fd: number, bytes: Buffer): Promise<void> {
  for (let done = 0; done < bytes.length; ) done += (await write(fd, bytes, done)).bytesWritten;
}
