import { once } from "node:events";
import type { Socket } from "node:net";
import { ChaosError, messageOf } from "../base/chaos-error.ts";
import { withDeadline } from "../base/deadline.ts";
import type { KeySpace } from "../journal/loads/key-space.ts";
import { Decoder } from "./decode.ts";
import { dial, type TlsSettings } from "./dial.ts";
import { encodeCommand } from "./encode.ts";
import { greetingsOf } from "./greetings.ts";
import { type Outcome, type Reply, RespError } from "./reply.ts";

/*
 *   send ─► queue (never written: fail) ─► one write at a time ─► in flight (info if the connection ends) ─► reply
 *
 * Only one write is under way at any moment and the rest waits in our own queue: that is how we know, exactly, which
 * commands the kernel has never seen.
 */

interface OpenOptions {
  host: string;
  port: number;
  /** An ACL user; absent: the default one. */
  username?: string | undefined;
  password?: string | undefined;
  /** Chosen by SELECT, or by AUTH; absent: the one that every connection begins with. */
  space?: KeySpace | undefined;
  /** Absent: none. */
  tls?: TlsSettings | undefined;
  /** Milliseconds for connecting, AUTH and SELECT. */
  within: number;
  /** Ends opening only. An open connection ends by `close`. */
  signal?: AbortSignal | undefined;
  /** Called once when a connection that `open` returned ends, for whatever reason, also by `close`. */
  onClose?: ((why: string) => void) | undefined;
}

interface Pending {
  bytes: Buffer;
  timer: NodeJS.Timeout;
  settle(outcome: Outcome): void;
}

/** One TCP connection to a server with an exact outcome for every command. No retry, no reconnect, no offline queue. */
export class RawConnection {
  readonly #socket: Socket;
  readonly #decoder = new Decoder();
  #onClose: ((why: string) => void) | undefined;
  #queued: Pending[] = [];
  #inFlight: Pending[] = [];
  #writing = false;
  #ended: string | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk) => this.#read(chunk));
    socket.on("end", () => this.#end("closed by the server"));
    socket.on("error", (error) => this.#end(messageOf(error)));
    socket.on("close", () => this.#end("closed"));
  }

  /**
   * Connects (TCP_NODELAY), given a password authenticates, and chooses the keys.
   * Rejects with ChaosError: `timeout`, or `infrastructure` (refused, unreachable, wrong password, no such database or namespace; `cause` is the socket's error).
   */
  static async open(options: OpenOptions): Promise<RawConnection> {
    const { host, port, within, signal, tls } = options;
    const what = `connecting to ${host}:${port}`;
    let socket: Socket | undefined;
    try {
      return await withDeadline({ what, within, signal }, async (inner) => {
        const started = performance.now();
        socket = dial({ host, port, tls }, () => {});
        // What goes wrong after giving up is told to nobody.
        socket.on("error", () => {});
        await once(socket, tls ? "secureConnect" : "connect", { signal: inner });
        const connection = new RawConnection(socket);
        for (const argv of greetingsOf(options)) {
          const { outcome, ...answer } = await connection.send(argv, {
            within: within - (performance.now() - started),
          });
          if (outcome === "ok" || !("error" in answer)) continue;
          throw new ChaosError("infrastructure", `${argv[0]} was not accepted: ${answer.error}`);
        }
        if (connection.#ended !== undefined) throw new ChaosError("infrastructure", connection.#ended);
        connection.#onClose = options.onClose;
        return connection;
      });
    } catch (error) {
      socket?.destroy();
      signal?.throwIfAborted();
      if (error instanceof ChaosError && error.code === "timeout") throw error;
      throw new ChaosError("infrastructure", `${what} failed: ${messageOf(error)}`, { cause: error });
    }
  }

  /** False once the connection has ended: every later command fails as "not-sent". */
  get isOpen(): boolean {
    return this.#ended === undefined;
  }

  /** Our end's port: identifies the connection in /proc/net/tcp and CLIENT LIST. */
  get localPort(): number | undefined {
    return this.#socket.localPort;
  }

  /**
   * Sends one command behind those already sent; any number may be in flight. Never rejects.
   * - error reply → `fail` with its first word as `error` and the reply kept
   * - no reply `within` ms → `info` "timeout", and the connection is destroyed: later replies could not be told apart
   * - connection lost → `info` "connection-lost" if any byte may have been written, else `fail` "not-sent"
   */
  send(argv: readonly (string | Buffer | number)[], options: { within: number }): Promise<Outcome> {
    if (this.#ended !== undefined) return Promise.resolve({ outcome: "fail", error: "not-sent" });
    return new Promise((resolve) => {
      const pending: Pending = {
        bytes: encodeCommand(argv),
        // After a stall of our own event loop timers run before sockets are read: look once more, then judge.
        timer: setTimeout(() => setImmediate(() => this.#expire(pending)), Math.max(0, options.within)),
        settle: (outcome) => {
          clearTimeout(pending.timer);
          resolve(outcome);
        },
      };
      this.#queued.push(pending);
      this.#flush();
    });
  }

  /** Ends the connection at once; what is in flight becomes `info` "connection-lost". Idempotent. */
  close(): void {
    this.#end("closed by us");
  }

  #flush(): void {
    if (this.#writing || this.#queued.length === 0 || this.#ended !== undefined) return;
    const batch = this.#queued;
    this.#queued = [];
    this.#writing = true;
    for (const pending of batch) this.#inFlight.push(pending);
    const bytes = batch.length === 1 ? (batch[0] as Pending).bytes : Buffer.concat(batch.map((one) => one.bytes));
    this.#socket.write(bytes, () => {
      this.#writing = false;
      this.#flush();
    });
  }

  #read(chunk: Buffer): void {
    if (this.#ended !== undefined) return;
    this.#decoder.push(chunk);
    try {
      for (let reply = this.#decoder.next(); reply !== undefined; reply = this.#decoder.next()) {
        const pending = this.#inFlight.shift();
        if (!pending) throw new ChaosError("infrastructure", "a reply to no command");
        pending.settle(outcomeOf(reply));
      }
    } catch (error) {
      this.#end(messageOf(error));
    }
  }

  #expire(pending: Pending): void {
    const written = this.#inFlight.indexOf(pending);
    if (written >= 0) {
      this.#inFlight.splice(written, 1);
      pending.settle({ outcome: "info", error: "timeout" });
    } else if (!this.#queued.includes(pending)) return; // it was answered in the last look
    this.#end("a command timed out");
  }

  #end(why: string): void {
    if (this.#ended !== undefined) return;
    this.#ended = why;
    this.#socket.destroy();
    for (const pending of this.#inFlight) pending.settle({ outcome: "info", error: "connection-lost" });
    for (const pending of this.#queued) pending.settle({ outcome: "fail", error: "not-sent" });
    this.#inFlight = [];
    this.#queued = [];
    this.#onClose?.(why);
  }
}

function outcomeOf(reply: Reply): Outcome {
  if (reply instanceof RespError) return { outcome: "fail", error: reply.code, reply };
  return { outcome: "ok", reply };
}
