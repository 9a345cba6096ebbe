import type { Socket } from "node:net";
import type { Clock } from "../../base/clock.ts";
import { Decoder } from "../../resp/decode.ts";
import { dial } from "../../resp/dial.ts";
import { encodeCommand } from "../../resp/encode.ts";
import { greetingsOf } from "../../resp/greetings.ts";
import type { Login } from "../../resp/login.ts";
import { type Reply, RespError } from "../../resp/reply.ts";
import type { AnswerRecord, ConnectionView, LossRecord, ProbeKind } from "../observation.ts";

/** A lost connection is opened again after this, doubled on each loss in a row. ms */
const FIRST_BACKOFF = 100;
const LAST_BACKOFF = 1000;

/** Where sockets put what they read; used up before the next one reads. Without it each answer of 7 bytes costs 64 KiB. */
const ARRIVED = Buffer.allocUnsafe(64 * 1024);

interface ProbeConnectionOptions extends Login {
  number: number;
  kind: ProbeKind;
  host: string;
  port: number;
  /** What the server's CLIENT LIST is to call it. */
  name?: string | undefined;
  clock: Clock;
  /** `isFirst`: there was none on any connection of this number. */
  onAnswer(answer: AnswerRecord, reply: Reply, isFirst: boolean): void;
  onLoss(loss: LossRecord): void;
}

/**
 * One connection with at most one question outstanding. A question that gets no answer is never repeated: it only
 * grows old, and that age is the measurement. Connecting (AUTH and name included) is part of a new connection's first question.
 */
export class ProbeConnection {
  readonly #options: ProbeConnectionOptions;
  #socket: Socket | null = null;
  #open = false;
  #decoder = new Decoder();
  /** The question to send once the connection is open and authenticated. */
  #pending: Buffer | null = null;
  /** What is said before the first question, one after the other; the answers do not matter. */
  #greetings: Buffer[] = [];
  #greeting = false;
  #askedAt: number | null = null;
  #answeredAt: number | null = null;
  #retryAt = 0;
  #backoff = FIRST_BACKOFF;

  constructor(options: ProbeConnectionOptions) {
    this.#options = options;
  }

  get kind(): ProbeKind {
    return this.#options.kind;
  }

  get idle(): boolean {
    return this.#askedAt === null;
  }

  /** Asks unless a question is outstanding or the backoff runs. Returns whether it asked. */
  ask(question: Buffer): boolean {
    if (this.#askedAt !== null) return false;
    const now = this.#options.clock.now();
    if (this.#socket === null) {
      if (now < this.#retryAt) return false;
      this.#askedAt = now;
      this.#pending = question;
      this.#connect();
    } else {
      this.#askedAt = now;
      this.#socket.write(question);
    }
    return true;
  }

  /** When the question without answer was asked; null: there is none. */
  get askedAt(): number | null {
    return this.#askedAt;
  }

  view(): ConnectionView {
    return {
      number: this.#options.number,
      kind: this.#options.kind,
      localPort: this.#socket?.localPort ?? null,
      link: this.#socket === null ? "closed" : this.#open ? "open" : "connecting",
      askedAt: this.#askedAt,
      answeredAt: this.#answeredAt,
    };
  }

  /** Closes without counting a loss; the next question opens it again. */
  close(): void {
    const socket = this.#socket;
    this.#socket = null;
    this.#open = false;
    this.#pending = null;
    this.#greeting = false;
    this.#askedAt = null;
    this.#retryAt = 0;
    this.#backoff = FIRST_BACKOFF;
    socket?.destroy();
  }

  #connect(): void {
    const { host, port, name, tls } = this.#options;
    const onread = {
      buffer: ARRIVED,
      callback: (bytes: number): boolean => {
        // A copy, because the decoder keeps what is not complete yet.
        if (this.#socket === socket) this.#read(socket, Buffer.from(ARRIVED.subarray(0, bytes)));
        return true;
      },
    };
    const socket: Socket = dial({ host, port, tls, onread }, (dialled) => {
      if (this.#socket !== dialled) return;
      this.#open = true;
      this.#sendNext(dialled);
    });
    this.#socket = socket;
    this.#decoder = new Decoder();
    this.#greetings = greetingsOf(this.#options).map((argv) => encodeCommand(argv));
    if (name !== undefined) this.#greetings.push(encodeCommand(["CLIENT", "SETNAME", name]));
    if (tls) {
      socket.on("data", (bytes: Buffer) => {
        if (this.#socket === socket) this.#read(socket, bytes);
      });
    }
    socket.on("error", (error: NodeJS.ErrnoException) => this.#lost(socket, error.code ?? error.message));
    socket.on("end", () => this.#lost(socket, "closed by the server"));
    socket.on("close", () => this.#lost(socket, "closed"));
  }

  #read(socket: Socket, chunk: Buffer): void {
    try {
      this.#decoder.push(chunk);
      for (let reply = this.#decoder.next(); reply !== undefined; reply = this.#decoder.next()) {
        if (this.#greeting) {
          // A refused AUTH shows as -NOAUTH on the question itself.
          this.#sendNext(socket);
        } else if (!this.#answered(reply)) {
          this.#lost(socket, "a reply without a question");
          return;
        }
        if (this.#socket !== socket) return;
      }
    } catch (error) {
      this.#lost(socket, error instanceof Error ? error.message : String(error));
    }
  }

  #answered(reply: Reply): boolean {
    const askedAt = this.#askedAt;
    if (askedAt === null) return false;
    const answeredAt = this.#options.clock.now();
    const isFirst = this.#answeredAt === null;
    this.#askedAt = null;
    this.#answeredAt = answeredAt;
    this.#backoff = FIRST_BACKOFF;
    const { number, kind } = this.#options;
    const error = reply instanceof RespError ? reply.code : null;
    this.#options.onAnswer({ number, kind, askedAt, answeredAt, error }, reply, isFirst);
    return true;
  }

  #sendNext(socket: Socket): void {
    const greeting = this.#greetings.shift();
    this.#greeting = greeting !== undefined;
    const next = greeting ?? this.#pending;
    if (!greeting) this.#pending = null;
    if (next) socket.write(next);
  }

  #lost(socket: Socket, reason: string): void {
    if (this.#socket !== socket) return;
    const { number, kind, clock, onLoss } = this.#options;
    const at = clock.now();
    const waited = this.#askedAt === null ? null : at - this.#askedAt;
    const backoff = this.#backoff;
    this.close();
    this.#retryAt = at + backoff;
    this.#backoff = Math.min(LAST_BACKOFF, backoff * 2);
    onLoss({ number, kind, at, reason, waited });
  }
}
