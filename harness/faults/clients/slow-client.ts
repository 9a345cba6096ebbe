import { connect, type Socket } from "node:net";
import { ChaosError, messageOf } from "../../base/chaos-error.ts";
import { withDeadline } from "../../base/deadline.ts";
import { encodeCommand } from "../../resp/encode.ts";

/** So often a piece is read: one tenth of a second's worth. */
const READS_PER_SECOND = 10;
const OPEN_MS = 5_000;
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
    const { host, port, signal } = options;
    let client: SlowClient | undefined;
    try {
      await withDeadline({ what: `connecting to ${host}:${port}`, within: OPEN_MS, signal }, (inner) => {
        return new Promise<void>((resolve, reject) => {
          client = new SlowClient(options, resolve, reject);
          inner.addEventListener("abort", () => reject(inner.reason), { once: true });
        });
      });
    } catch (error) {
      client?.close();
      signal.throwIfAborted();
      throw new ChaosError("infrastructure", `the slow reader: ${messageOf(error)}`, { cause: error });
    }
    return client as SlowClient;
  }

  private constructor(options: SlowClientOptions, connected: () => void, failed: (error: unknown) => void) {
    const { host, port, rate, pending, onLost } = options;
    const buffer = Buffer.alloc(Math.max(1, Math.round(rate / READS_PER_SECOND)));
    this.#socket = connect({
      host,
      port,
      onread: {
        buffer,
        callback: (bytes, chunk) => {
          // An error reply begins with "-"; every answer to ECHO with "$".
          if (this.#read === 0 && chunk[0] === 0x2d) this.#refusal = Buffer.from(chunk.subarray(0, bytes)).toString();
          this.#read += bytes;
          return false; // until the next tick
        },
      },
    });
    let open = false;
    const lost = (why: string): void => {
      if (this.#ended !== null) return;
      this.#end(why);
      if (open) onLost(why);
    };
    this.#socket.once("connect", () => {
      // The same bytes again and again: what the server does not take yet costs no memory here.
      const question = encodeCommand(["ECHO", Buffer.alloc(ECHO_BYTES, "x")]);
      for (let asked = 0; asked < pending; asked += ECHO_BYTES) this.#socket.write(question);
      open = true;
      connected();
    });
    this.#socket.on("error", (error) => {
      failed(error);
      lost(messageOf(error));
    });
    this.#socket.on("close", () => lost("closed by the server"));
    this.#timer = setInterval(() => this.#socket.resume(), 1000 / READS_PER_SECOND);
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
