import type { Socket } from "node:net";
import { ChaosError, messageOf } from "../../base/chaos-error.ts";
import { encodeCommand } from "../../resp/encode.ts";
import { dial } from "./bare-socket.ts";

/** So often a piece is read: one tenth of a second's worth. */
const READS_PER_SECOND = 10;
/** One question; its answer is as long. */
const ECHO_BYTES = 64 * 1024;

export interface SlowClientOptions {
  host: string;
  port: number;
  /** Bytes read per second. */
  rate: number;
  /** Bytes of answers asked for, all at once. */
  pending: number;
  signal: AbortSignal;
  /** Called when the connection ends by anybody's doing but ours. */
  onLost(why: string): void;
}

/*
 *   ECHO 64 KiB × n ──────────────────► server      written as fast as it takes them
 *   rate/10 bytes every 100 ms ◄─────── its output buffer, then both kernels' socket buffers
 */

/** A client that asks for much and takes the answers off its socket slowly: the server has to keep them. */
export class SlowClient {
  readonly #socket: Socket;
  readonly #timer: NodeJS.Timeout;
  #read = 0;
  #refusal: string | null = null;
  #ended: string | null = null;

  /** Connects and asks. Rejects when it cannot connect. */
  static async open(options: SlowClientOptions): Promise<SlowClient> {
    const { host, port, rate, signal } = options;
    let client: SlowClient | undefined;
    const onread = {
      buffer: Buffer.alloc(Math.max(1, Math.round(rate / READS_PER_SECOND))),
      callback: (bytes: number, chunk: Uint8Array) => {
        if (client) client.#took(bytes, chunk);
        return false; // until the next tick
      },
    };
    try {
      client = new SlowClient(await dial({ host, port, onread }, signal), options);
      return client;
    } catch (error) {
      signal.throwIfAborted();
      throw new ChaosError("infrastructure", `the slow reader: ${messageOf(error)}`, { cause: error });
    }
  }

  private constructor(socket: Socket, { pending, onLost }: SlowClientOptions) {
    this.#socket = socket;
    const lost = (why: string): void => {
      if (this.#ended !== null) return;
      this.#end(why);
      onLost(why);
    };
    socket.on("error", (error) => lost(messageOf(error)));
    socket.on("close", () => lost("closed by the server"));
    this.#timer = setInterval(() => socket.resume(), 1000 / READS_PER_SECOND);
    // The same bytes again and again: what the server does not take yet costs no memory here.
    const question = encodeCommand(["ECHO", Buffer.alloc(ECHO_BYTES, "x")]);
    for (let asked = 0; asked < pending; asked += ECHO_BYTES) socket.write(question);
  }

  #took(bytes: number, chunk: Uint8Array): void {
    // An error reply begins with "-"; every answer to ECHO with "$".
    if (this.#read === 0 && chunk[0] === 0x2d) this.#refusal = Buffer.from(chunk.subarray(0, bytes)).toString();
    this.#read += bytes;
  }

  /** Bytes taken off the socket so far. */
  get read(): number {
    return this.#read;
  }

  /** Why the connection is gone or useless; null while it is fine. */
  get trouble(): string | null {
    return this.#refusal ?? this.#ended;
  }

  /** Ends the connection with whatever is still unread. Idempotent. */
  close(): void {
    this.#end("closed by us");
  }

  #end(why: string): void {
    this.#ended ??= why;
    clearInterval(this.#timer);
    this.#socket.destroy();
  }
}
