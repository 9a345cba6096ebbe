import { once } from "node:events";
import { connect, type Socket, type TcpNetConnectOpts } from "node:net";
import { ChaosError, messageOf } from "../../base/chaos-error.ts";
import { withDeadline } from "../../base/deadline.ts";
import type { Address } from "../../cluster/cluster.ts";

/** What the server says is kept up to here. */
const HEARD_MAX = 200;

const OPEN_MS = 5_000;

/** Rejects with the socket's own error, or ChaosError `timeout`; nothing is left open then. */
export async function dial(options: TcpNetConnectOpts & { host: string }, signal: AbortSignal): Promise<Socket> {
  const { host, port } = options;
  const socket = connect(options);
  try {
    await withDeadline({ what: `connecting to ${host}:${port}`, within: OPEN_MS, signal }, () =>
      once(socket, "connect"),
    );
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** A connection that sends exactly the bytes it is told to, and remembers how it ended. For traffic that is no command. */
export class BareSocket {
  readonly #socket: Socket;
  #heard = "";
  #ended = false;

  /** Rejects with ChaosError `timeout`, or `infrastructure` whose cause is the socket's error. */
  static async open({ host, port }: Address, signal: AbortSignal): Promise<BareSocket> {
    try {
      // Its own end stays open when the server's is closed, until it is told otherwise.
      return new BareSocket(await dial({ host, port, noDelay: true, allowHalfOpen: true }, signal));
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ChaosError) throw error;
      const message = `connecting to ${host}:${port} failed: ${messageOf(error)}`;
      throw new ChaosError("infrastructure", message, { cause: error });
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
    for (const end of ["end", "error", "close"]) socket.on(end, ended);
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
