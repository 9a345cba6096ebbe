import { closeSync, fsync, openSync, writeSync } from "node:fs";
import { promisify } from "node:util";
import { ChaosError, messageOf } from "../base/chaos-error.ts";
import type { Clock } from "../base/clock.ts";
import { bounded } from "./bound.ts";
import type { Emit, JournalEvent } from "./events.ts";
import { redactor } from "./redact.ts";

/*
 *   emit ─► redact, cut ─► buffer ──(250 ms, 256 KiB, phase end)──► write ──(flush)──► fsync
 *                      └─► subscribers (live reporters)
 */

const FLUSH_WITHIN_MS = 250;
const FLUSH_AT_CHARS = 256 * 1024;

export interface WriterOptions {
  /** Strings that must never be written; each becomes "•••". */
  redact?: readonly string[];
}

/** A subscriber that threw: remembered for the report, and not called again. */
export interface SubscriberFailure {
  name: string;
  error: unknown;
}

interface Subscriber {
  name: string;
  see: (event: JournalEvent) => void;
}

/**
 * Appends events to journal.jsonl in the order they were emitted. `emit` never throws and never waits for the disk's
 * cache to drain; a disk that refuses is reported by the next `flush` or `close`.
 */
export class JournalWriter {
  readonly #file: string;
  readonly #fd: number;
  readonly #clock: Clock;
  readonly #redact: ReturnType<typeof redactor>;
  #timer: NodeJS.Timeout | undefined;
  readonly #onExit = () => this.#write();
  readonly #subscribers = new Set<Subscriber>();
  readonly #failures: SubscriberFailure[] = [];
  #lines: string[] = [];
  #chars = 0;
  #closed = false;
  #broken: unknown;

  private constructor(file: string, fd: number, clock: Clock, options: WriterOptions) {
    this.#file = file;
    this.#fd = fd;
    this.#clock = clock;
    this.#redact = redactor(options.redact ?? []);
    process.once("exit", this.#onExit);
  }

  /** Creates the file. @throws ChaosError infrastructure when it exists or cannot be made. */
  static open(file: string, clock: Clock, options: WriterOptions = {}): JournalWriter {
    try {
      return new JournalWriter(file, openSync(file, "ax"), clock, options);
    } catch (error) {
      throw new ChaosError("infrastructure", `cannot create the journal ${file}: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }

  /** Appends one event; `t` is the clock's when the event brings none. After `close` it does nothing. */
  readonly emit: Emit = (given) => {
    if (this.#closed) return;
    const { t = Math.round(this.#clock.now() * 1000) / 1000, ...rest } = given;
    let event = { t, ...rest } as JournalEvent;
    let text: string;
    try {
      text = JSON.stringify(event);
    } catch (error) {
      // A bigint or a circle in free data: losing one event loudly is better than losing the run.
      event = { t, type: "note", about: "journal", text: `lost an event of type ${given.type}: ${messageOf(error)}` };
      text = JSON.stringify(event);
    }
    const redacted = this.#redact(event, text);
    const shown = bounded(redacted, text);
    if (shown !== event) text = JSON.stringify(shown);
    this.#lines.push(text);
    this.#chars += text.length;
    if (this.#chars >= FLUSH_AT_CHARS || (event.type === "phase" && event.step === "end")) this.#write();
    else this.#timer ??= setTimeout(() => this.#write(), FLUSH_WITHIN_MS).unref();
    for (const subscriber of this.#subscribers) this.#tell(subscriber, shown);
  };

  /** Calls `see` with every event from now on, already redacted. Returns the way to stop. */
  subscribe(see: (event: JournalEvent) => void, name = "subscriber"): () => void {
    const subscriber = { name, see };
    this.#subscribers.add(subscriber);
    return () => void this.#subscribers.delete(subscriber);
  }

  /** Subscribers that threw so far. */
  get subscriberFailures(): readonly SubscriberFailure[] {
    return this.#failures;
  }

  /** Everything emitted so far is on the disk when this resolves. @throws ChaosError infrastructure (disk full, …). */
  async flush(): Promise<void> {
    this.#write();
    if (this.#broken === undefined && !this.#closed) {
      try {
        await promisify(fsync)(this.#fd);
      } catch (error) {
        this.#broken = error;
      }
    }
    if (this.#broken !== undefined) {
      const message = `cannot write the journal ${this.#file}: ${messageOf(this.#broken)}`;
      throw new ChaosError("infrastructure", message, { hint: "Free disk space and run again.", cause: this.#broken });
    }
  }

  /** Flushes and closes. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    process.off("exit", this.#onExit);
    try {
      await this.flush();
    } finally {
      this.#write(); // what was emitted while the disk synced
      this.#closed = true;
      closeSync(this.#fd);
    }
  }

  #tell(subscriber: Subscriber, event: JournalEvent): void {
    try {
      subscriber.see(event);
    } catch (error) {
      this.#subscribers.delete(subscriber);
      this.#failures.push({ name: subscriber.name, error });
    }
  }

  /** Synchronous: the page cache takes these few kilobytes at once, and nothing can overtake them. */
  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#lines.length === 0 || this.#broken !== undefined || this.#closed) return;
    const bytes = Buffer.from(`${this.#lines.join("\n")}\n`, "utf8");
    this.#lines = [];
    this.#chars = 0;
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(this.#fd, bytes, done);
    } catch (error) {
      this.#broken = error;
    }
  }
}
