import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { CommandWriter } from "../resp/command-writer.ts";
import { Decoder } from "../resp/decode.ts";
import { encodeCommand } from "../resp/encode.ts";
import { type Reply, RespError } from "../resp/reply.ts";
import { replyText } from "../resp/reply-text.ts";

/*
 * Test support: a server on 127.0.0.1 that speaks RESP and misbehaves on request.
 *
 *   client ─► decoder ─► handler(argv, connection) ─► what to do ─► answers in order of the questions
 */

/** What a handler may do instead of answering at once. */
type Behaviour =
  | { do: "never" } // this connection never gets another answer
  | { do: "late"; reply: Reply; after: number } // ms; later answers of the connection wait behind it
  | { do: "when"; reply: Reply; ready: Promise<void> } // as late as the test says
  | { do: "half"; reply: Reply } // the first half of the bytes, then silence
  | { do: "raw"; bytes: string } // anything, also what is not RESP
  | { do: "close" } // FIN
  | { do: "reset" }; // RST

interface FakeConnection {
  /** Number of the connection, from 0, in order of arrival. */
  index: number;
  /** Number of this command on this connection, from 0. */
  command: number;
}

type Handler = (argv: Buffer[], connection: FakeConnection) => Reply | Behaviour;

const answers: Handler = (argv) => (argv[0]?.toString().toUpperCase() === "PING" ? "PONG" : "OK");

/** A scriptable server. `start` it, set handlers, `stop` it: nothing is left in the event loop. */
export class FakeServer {
  /** Commands received, by upper-case name. */
  readonly received = new Map<string, number>();
  /** Connections accepted so far. */
  accepted = 0;
  readonly #handlers = new Map<string, Handler>();
  readonly #sockets = new Set<Socket>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #server: Server | undefined;
  #port = 0;
  #frozen = false;
  #greeting: "accept" | "close" = "accept";
  #fallback: Handler = answers;

  static async start(): Promise<FakeServer> {
    const server = new FakeServer();
    await server.listen();
    return server;
  }

  get host(): string {
    return "127.0.0.1";
  }

  get port(): number {
    return this.#port;
  }

  /** Connections open now. */
  get open(): number {
    return this.#sockets.size;
  }

  /** How many commands of this name have arrived, or of all names. */
  count(name?: string): number {
    if (name !== undefined) return this.received.get(name.toUpperCase()) ?? 0;
    return [...this.received.values()].reduce((sum, n) => sum + n, 0);
  }

  /** Scripts one command, or with "*" every command that has no script. Default: PING → PONG, anything else → OK. */
  on(command: string, handler: Handler): this {
    if (command === "*") this.#fallback = handler;
    else this.#handlers.set(command.toUpperCase(), handler);
    return this;
  }

  /** Accepts and closes at once, like a proxy whose upstream is down ("close"), or serves normally again. */
  greet(how: "accept" | "close"): void {
    this.#greeting = how;
  }

  /** Like SIGSTOP: connections are accepted, nothing is read or answered until `thaw`. */
  freeze(): void {
    this.#frozen = true;
    for (const socket of this.#sockets) socket.pause();
  }

  thaw(): void {
    this.#frozen = false;
    for (const socket of this.#sockets) socket.resume();
  }

  /** Resets every open connection. */
  resetAll(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Listens (again, on the same port as before). */
  async listen(): Promise<void> {
    const server = createServer((socket) => this.#accept(socket));
    server.listen(this.#port, this.host);
    await once(server, "listening");
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Closes everything; new connections are refused. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    const closed = once(server, "close");
    server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #accept(socket: Socket): void {
    const index = this.accepted++;
    socket.on("error", () => {});
    if (this.#greeting === "close") {
      socket.end();
      socket.resume();
      return;
    }
    socket.setNoDelay(true);
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    const decoder = new Decoder();
    const queue = new AnswerQueue(socket, this.#timers);
    let command = 0;
    socket.on("data", (chunk) => {
      decoder.push(chunk);
      for (let value = decoder.next(); value !== undefined; value = decoder.next()) {
        const argv = value as Buffer[];
        const name = argv[0]?.toString().toUpperCase() ?? "";
        this.received.set(name, this.count(name) + 1);
        queue.add((this.#handlers.get(name) ?? this.#fallback)(argv, { index, command: command++ }));
      }
      queue.flush();
    });
    if (this.#frozen) socket.pause();
  }
}

/** Answers of one connection: they leave in the order of the questions, so a late one holds up those behind it. */
class AnswerQueue {
  readonly #socket: Socket;
  readonly #timers: Set<NodeJS.Timeout>;
  readonly #waiting: { bytes: Buffer | undefined; silent?: boolean; end?: "close" | "reset" }[] = [];

  constructor(socket: Socket, timers: Set<NodeJS.Timeout>) {
    this.#socket = socket;
    this.#timers = timers;
  }

  add(answer: Reply | Behaviour): void {
    if (!isBehaviour(answer)) {
      this.#waiting.push({ bytes: encodeReply(answer) });
    } else if (answer.do === "late" || answer.do === "when") {
      const slot: { bytes: Buffer | undefined } = { bytes: undefined };
      this.#waiting.push(slot);
      const send = (): void => {
        slot.bytes = encodeReply(answer.reply);
        this.flush();
      };
      if (answer.do === "when") void answer.ready.then(send);
      else {
        const timer = setTimeout(() => {
          this.#timers.delete(timer);
          send();
        }, answer.after);
        this.#timers.add(timer);
      }
    } else if (answer.do === "half") {
      const bytes = encodeReply(answer.reply);
      this.#waiting.push({ bytes: bytes.subarray(0, Math.ceil(bytes.length / 2)), silent: true });
    } else if (answer.do === "raw") {
      this.#waiting.push({ bytes: Buffer.from(answer.bytes, "latin1") });
    } else if (answer.do === "never") {
      this.#waiting.push({ bytes: Buffer.alloc(0), silent: true });
    } else {
      this.#waiting.push({ bytes: Buffer.alloc(0), end: answer.do });
    }
  }

  flush(): void {
    const out: Buffer[] = [];
    let head = this.#waiting[0];
    let end: "close" | "reset" | undefined;
    while (head?.bytes && !end) {
      out.push(head.bytes);
      if (head.silent) {
        head.bytes = undefined;
        break;
      }
      end = head.end;
      this.#waiting.shift();
      head = this.#waiting[0];
    }
    if (out.length > 0 && this.#socket.writable) this.#socket.write(Buffer.concat(out));
    if (end === "close") this.#socket.end();
    if (end === "reset") this.#socket.resetAndDestroy();
  }
}

function isBehaviour(answer: Reply | Behaviour): answer is Behaviour {
  return answer !== null && typeof answer === "object" && "do" in answer;
}

/** A reply as RESP2 bytes. Strings become simple strings, Buffers bulk strings. */
export function encodeReply(reply: Reply): Buffer {
  if (reply === null) return Buffer.from("$-1\r\n");
  if (typeof reply === "string") return Buffer.from(`+${reply}\r\n`);
  if (typeof reply === "number" || typeof reply === "bigint") return Buffer.from(`:${reply}\r\n`);
  if (reply instanceof RespError) return Buffer.from(`-${reply.message}\r\n`);
  if (Buffer.isBuffer(reply)) return Buffer.concat([Buffer.from(`$${reply.length}\r\n`), reply, Buffer.from("\r\n")]);
  if (reply.length === 0) return Buffer.from("*0\r\n");
  if (reply.every(Buffer.isBuffer)) return encodeCommand(reply);
  return Buffer.concat([Buffer.from(`*${reply.length}\r\n`), ...reply.map(encodeReply)]);
}

const writer = new CommandWriter();
const received = new Decoder();

/** What a server would receive: the arguments that were written, with a head its name first; each byte one character. */
export function argvOf(write: (to: CommandWriter) => void): string[] {
  write(writer);
  received.push(writer.take());
  const argv: string[] = [];
  for (let one = received.next(); one !== undefined; one = received.next())
    for (const arg of Array.isArray(one) ? one : [one])
      argv.push(Buffer.isBuffer(arg) ? arg.toString("latin1") : replyText(arg));
  return argv;
}
