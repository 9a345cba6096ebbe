import { connect, type Socket } from "node:net";
import { ChaosError, messageOf } from "../../base/chaos-error.ts";
import { withDeadline } from "../../base/deadline.ts";
import type { Address } from "../../cluster/cluster.ts";

/** What the server says is kept up to here. */
const HEARD_MAX = 200;

/** A connection that sends exactly the bytes it is told to, and remembers how it ended. For traffic that is no command. */
export class BareSocket {
  readonly #socket: Socket;
  #heard = "";
  #ended = false;

  /** Rejects with ChaosError `timeout`, or `infrastructure` whose cause is the socket's error. */
  static async open({ host, port }: Address, within: number, signal: AbortSignal): Promise<BareSocket> {
    const what = `connecting to ${host}:${port}`;
    let socket: Socket | undefined;
    try {
      return await withDeadline({ what, within, signal }, (inner) => {
        return new Promise<BareSocket>((resolve, reject) => {
          // Its own end stays open when the server's is closed, until it is told otherwise.
          const dialled = connect({ host, port, noDelay: true, allowHalfOpen: true });
          socket = dialled;
          inner.addEventListener("abort", () => reject(inner.reason), { once: true });
          dialled.once("connect", () => resolve(new BareSocket(dialled)));
          dialled.on("error", reject);
        });
      });
    } catch (error) {
      socket?.destroy();
      signal.throwIfAborted();
      if (error instanceof ChaosError) throw error;
      throw new ChaosError("infrastructure", `${what} failed: ${messageOf(error)}`, { cause: error });
    }
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    const ended = (): void => {
      this.#ended = true;
    };
    socket.on("data", (chunk: Buffer) => {
      if (this.#heard.length < HEARD_MAX) this.#heard += chunk.toString("latin1").slice(0, HEARD_MAX);
    });
    socket.on("end", ended);
    socket.on("error", ended);
    socket.on("close", ended);
  }

  /** The first of what the server has said. */
  get heard(): string {
    return this.#heard;
  }

  /** The server has closed its end, or the connection is gone. */
  get isEnded(): boolean {
    return this.#ended;
  }

  write(bytes: string | Buffer): void {
    if (!this.#socket.destroyed) this.#socket.write(bytes);
  }

  /** FIN: nothing more comes from here; what the server says is still heard. */
  finish(): void {
    this.#socket.end();
  }

  /** RST. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  /** Idempotent. */
  close(): void {
    this.#socket.destroy();
  }
}
