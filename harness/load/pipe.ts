import { connect, type Socket } from "node:net";
import { ChaosError } from "../base/chaos-error.ts";
import { shorten } from "../base/shorten.ts";
import type { Outcomes } from "../journal/events.ts";
import { Decoder } from "../resp/decode.ts";
import { encodeCommand } from "../resp/encode.ts";
import { greetingsOf } from "../resp/greetings.ts";
import { type Outcome, type Reply, RespError } from "../resp/reply.ts";
import { replyText } from "../resp/reply-text.ts";
import type { Dialogue } from "./dialogue.ts";
import type { LoadTarget } from "./load.ts";
import type { PipeLog } from "./operation-log.ts";
import type { PipeEvents, PipeSettings } from "./pipe-settings.ts";
import { type CommandSource, OutOfStep } from "./workloads/workload.ts";

/** A write is cut off here, so that a deep pipeline of big values does not become one huge buffer. */
const WRITE_BYTES = 256 * 1024;
/** Every connection of a thread reads into it: what was read is done with before the next one reads. */
const READ = Buffer.allocUnsafeSlow(64 * 1024);
/** Of a value that was read without being recorded nobody wants to know anything. */
const SOME_VALUE = "";
/** Characters of what came out of step. */
const SHOWN = 100;

/**
 * One TCP connection's life: connecting, (AUTH, SELECT), ready, perhaps draining, ended. It counts the outcome of every command
 * it was given. Commands are made only when they can be written at once, so all it was given may have reached the
 * server: when the connection ends they are `info`, never `fail`.
 */
export class Pipe {
  readonly target: LoadTarget;
  /** At least one reply came: this server talks to us. */
  answered = false;
  readonly #settings: PipeSettings;
  readonly #events: PipeEvents<Pipe>;
  readonly #socket: Socket;
  readonly #decoder: Decoder;
  readonly #log: PipeLog | undefined;
  readonly #dialogue: Dialogue | undefined;
  /** What is counted of its node. */
  readonly counts: Outcomes;
  /** Ring of commands in flight, oldest at `#head`: when each was due, and when it was sent. */
  readonly #due: Float64Array;
  readonly #sent: Float64Array;
  /** Where servers redirect: the commands themselves. */
  readonly #bytes: Buffer[] | undefined;
  #head = 0;
  #inFlight = 0;
  /** Refused here, and on their way elsewhere. */
  #away = 0;
  #writing = false;
  /** Answers to AUTH and SELECT that are to come. */
  #greetings = 0;
  #state: "connecting" | "greeting" | "ready" | "draining" | "ended" = "connecting";
  #since: number;

  constructor(target: LoadTarget, settings: PipeSettings, events: PipeEvents<Pipe>) {
    this.target = target;
    this.#settings = settings;
    this.#events = events;
    this.#dialogue = settings.dialogue?.(target);
    this.#log = this.#dialogue ? undefined : settings.log?.(target);
    this.counts = settings.tally.node(target.node);
    this.#due = new Float64Array(settings.pipeline);
    this.#sent = new Float64Array(settings.pipeline);
    this.#bytes = settings.redirects && !this.#dialogue ? [] : undefined;
    this.#since = settings.now();
    const log = this.#log;
    this.#decoder = new Decoder({
      ...(this.#dialogue
        ? {}
        : { toBulk: log ? (bytes, from, to) => log.bulk(this.#head, bytes, from, to) : () => SOME_VALUE }),
    });
    const options = {
      ...{ host: target.host, port: target.port, noDelay: true },
      onread: { buffer: READ, callback: (length: number) => this.#read(READ.subarray(0, length)) },
      // By that `write` says at once whether the kernel has taken everything.
      writableHighWaterMark: 1,
    };
    this.#socket = connect(options);
    this.#socket.on("connect", () => this.#connected());
    this.#socket.on("drain", () => this.#written());
    this.#socket.on("end", () => this.#end("connect-failed"));
    this.#socket.on("error", (error: NodeJS.ErrnoException) => {
      this.#end(error.code === "ECONNREFUSED" ? "connect-refused" : "connect-failed");
    });
    this.#socket.on("close", () => this.#end("connect-failed"));
  }

  get isReady(): boolean {
    return this.#state === "ready";
  }

  /** How many commands it would take now. */
  get room(): number {
    return this.#state === "ready" && !this.#writing ? this.#settings.pipeline - this.#inFlight - this.#away : 0;
  }

  /**
   * Makes and writes up to `count` commands (never more than `room`); returns how many.
   * @param due when the i-th of them was to be sent; absent: when it is
   */
  send(count: number, source: CommandSource, due?: (i: number) => number): number {
    const { pipeline, now, writer } = this.#settings;
    const log = this.#log;
    let made = 0;
    while (made < count && !this.#writing) {
      const time = now();
      let slot = this.#head + this.#inFlight;
      if (slot >= pipeline) slot -= pipeline;
      for (; made < count && writer.length < WRITE_BYTES; made++) {
        const from = writer.length;
        if (this.#dialogue) this.#dialogue.begin(writer, time);
        else source(writer);
        if (this.#bytes) this.#bytes[slot] = writer.since(from);
        this.#due[slot] = due ? due(made) : time;
        this.#sent[slot] = time;
        if (log) log.sent(slot, time, writer);
        if (++slot === pipeline) slot = 0;
        this.#inFlight++;
      }
      this.#writing = !this.#socket.write(writer.take());
      if (this.#writing) writer.leave();
    }
    return made;
  }

  /** Is the oldest command, or the connecting itself, overdue? */
  isOverdue(): boolean {
    const since = this.#inFlight > 0 ? (this.#sent[this.#head] as number) : this.#since;
    if (this.#inFlight === 0 && (this.#state === "ready" || this.#state === "ended")) return false;
    return this.#settings.now() - since >= this.#settings.timeout;
  }

  /** Ends it because it is overdue: overdue commands count as "timeout", the younger ones as "connection-lost". */
  expire(): void {
    const { timeout, tally, now } = this.#settings;
    const time = now();
    while (this.#inFlight > 0 && time - (this.#sent[this.#head] as number) >= timeout) {
      if (this.#dialogue) this.#lost(this.#dialogue);
      const unknown = this.#log?.lost(this.#head) ?? true;
      this.#next();
      if (unknown) tally.info("timeout", 1, this.counts);
    }
    this.#end("connect-failed");
  }

  /** No more commands; ends when the last reply is in. */
  drain(): void {
    if (this.#state === "ready" && this.#inFlight + this.#away > 0) this.#state = "draining";
    else if (this.#state !== "draining") this.#end(undefined);
  }

  #connected(): void {
    const greetings = greetingsOf({ ...this.#settings.login, space: this.#settings.space });
    this.#greetings = greetings.length;
    this.#state = greetings.length === 0 ? "ready" : "greeting";
    if (greetings.length === 0) this.#events.onRoom(this);
    else this.#socket.write(Buffer.concat(greetings.map(encodeCommand)));
  }

  /** The kernel has taken the rest of a write. */
  #written(): void {
    this.#writing = false;
    if (this.room > 0) this.#events.onRoom(this);
  }

  /** Returns true: read on. */
  #read(chunk: Buffer): true {
    const { tally } = this.#settings;
    const log = this.#log;
    const time = this.#settings.now();
    this.#decoder.push(chunk);
    try {
      for (let reply = this.#decoder.next(); reply !== undefined; reply = this.#decoder.next()) {
        if (this.#state === "ended") return true;
        if (this.#state === "greeting") {
          if (reply instanceof RespError) this.#end(reply.code);
          else if (--this.#greetings === 0) this.#state = "ready";
          continue;
        }
        if (this.#inFlight === 0) {
          // An error that comes by itself tells why the server is about to close the connection.
          if (!(reply instanceof RespError))
            this.#outOfStep(`a reply to no command came: ${shorten(replyText(reply), SHOWN)}`);
          else this.#end("connect-failed");
          return true;
        }
        this.answered = true;
        if (this.#dialogue) {
          this.#talk(this.#dialogue, reply, time);
          continue;
        }
        if (log?.isWaiting(this.#head)) log.waited(this.#head, reply);
        else {
          const refusal = reply instanceof RespError ? reply : null;
          if (refusal && this.#isElsewhere(refusal)) {
            if (log && !log.answered(this.#head, reply, time, true)) continue;
          } else {
            if (refusal) tally.fail(refusal.code, 1, this.counts);
            else tally.ok(time - (this.#due[this.#head] as number), this.counts);
            if (log && !log.answered(this.#head, reply, time)) continue;
          }
        }
        this.#next();
      }
      this.#decoder.release();
    } catch (error) {
      // Not RESP: the connection is of no use any more, and what is in flight stays unknown.
      if (error instanceof ChaosError && error.code === "infrastructure") this.#outOfStep(error.message);
      else this.#end("connect-failed");
      return true;
    }
    if (this.#state === "draining" && this.#inFlight + this.#away === 0) this.#end(undefined);
    else if (this.room > 0) this.#events.onRoom(this);
    return true;
  }

  /** One reply of an operation that takes several. */
  #talk(dialogue: Dialogue, reply: Reply, time: number): void {
    const { tally, writer } = this.#settings;
    const ending = dialogue.heard(reply, writer);
    if (writer.length > 0) {
      this.#writing = !this.#socket.write(writer.take());
      if (this.#writing) writer.leave();
    }
    if (ending === undefined) return;
    if (ending instanceof OutOfStep) {
      this.#outOfStep(ending.message, dialogue.command);
      return;
    }
    const refusal = dialogue.refusal(ending);
    if (!refusal || !this.#isElsewhere(refusal)) {
      dialogue.over(ending, time);
      if (dialogue.command !== undefined) tally.command(dialogue.command, ending === "ok");
      if (ending instanceof RespError) tally.fail(ending.code, 1, this.counts);
      else tally.ok(time - (this.#due[this.#head] as number), this.counts);
    }
    this.#next();
  }

  /** The oldest command in flight is done with. */
  #next(): void {
    if (++this.#head === this.#settings.pipeline) this.#head = 0;
    this.#inFlight--;
  }

  /** The oldest command's key is another server's: it is followed there, and keeps its place in the pipeline until it has an outcome. */
  #isElsewhere(refusal: RespError): boolean {
    const { redirects } = this.#settings;
    if (refusal.code === "MOVED") this.#events.onMoved(this, refusal.message);
    if (!redirects?.follows(refusal)) return false;
    const slot = this.#head;
    this.#away++;
    redirects.follow({
      what: this.#dialogue ?? (this.#bytes?.[slot] as Buffer),
      due: this.#due[slot] as number,
      sent: this.#sent[slot] as number,
      from: this.target,
      text: refusal.message,
      operation: this.#log?.operation(slot),
      over: (at, outcome, broken) => this.#cameBack(at, outcome, broken),
    });
    return true;
  }

  #cameBack(at: LoadTarget, outcome: Outcome["outcome"], broken: OutOfStep | undefined): void {
    this.#away--;
    const { command, words } = this.#dialogue ?? {};
    if (broken) this.#events.onOutOfStep(at, broken.message, command);
    if (outcome === "info" && words !== undefined) this.#events.onLost(at, words);
    if (this.#state === "draining" && this.#inFlight + this.#away === 0) this.#end(undefined);
    else if (this.room > 0) this.#events.onRoom(this);
  }

  #lost(dialogue: Dialogue): void {
    dialogue.lost();
    if (dialogue.words !== undefined) this.#events.onLost(this.target, dialogue.words);
  }

  /** The server has broken the protocol. */
  #outOfStep(text: string, command = this.#dialogue?.command): void {
    this.#events.onOutOfStep(this.target, text, command);
    this.#end("connect-failed");
  }

  #end(refused: string | undefined): void {
    if (this.#state === "ended") return;
    const wasReady = this.#state === "ready" || this.#state === "draining";
    this.#state = "ended";
    if (this.#inFlight > 0 && this.#dialogue) this.#lost(this.#dialogue);
    const unknown = this.#log?.allLost(this.#head, this.#inFlight) ?? this.#inFlight;
    if (unknown > 0) this.#settings.tally.info("connection-lost", unknown, this.counts);
    this.#inFlight = 0;
    this.#socket.destroy();
    this.#events.onEnd(this, wasReady ? undefined : refused);
  }
}
