import { messageOf } from "../base/chaos-error.ts";
import { sleep } from "../base/deadline.ts";
import type { Emit } from "../journal/events.ts";
import { RawConnection } from "../resp/connection.ts";
import type { Login } from "../resp/login.ts";
import type { Argv } from "../systems/system.ts";
import type { Address } from "./cluster.ts";

/*
 *   storm#1 ─┐                                           ┌─ answered | refused | lost ─► journal, with its length
 *   storm#2 ─┼─► lane 0 of replica: one at a time ─► SLAVEOF …
 *   storm#3 ─┘      └ the one before has had no answer for `within`: not sent, at once
 */

const OPEN_MS = 5_000;
/** Longer than any run: a blocked command is measured until it is answered or its connection is closed at the end. */
const NO_DEADLINE_MS = 24 * 3_600_000;

export type LaneOutcome =
  | { kind: "answered"; ms: number }
  | { kind: "refused" | "lost" | "not-sent"; detail: string }
  /** It goes on being waited for, and its answer is journaled when it comes. */
  | { kind: "unanswered"; detail: string };

interface Asked {
  by: string;
  command: string;
  since: number;
}

interface Question {
  /** Made when its turn has come: what is said may depend on what was said before. */
  argv(): Argv;
  /** Plan id of the fault. */
  by: string;
  /** Milliseconds until an answer is given up on, and for which an earlier command may hold the lane up. */
  within: number;
  signal?: AbortSignal | undefined;
}

interface LaneOptions {
  node: string;
  address: Address;
  login: Login;
  emit: Emit;
}

/**
 * Lasting administration connections of one node, each with one command under way at a time, as operators' scripts have
 * them. Every command and its length is journaled; one that is never answered stays visible as the one that was not.
 */
export class AdminLanes {
  readonly #options: LaneOptions;
  readonly #connections = new Map<number, RawConnection>();
  readonly #waiting = new Map<number, { asked: Asked; over: Promise<unknown> }>();
  #number = 0;
  #closed = false;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** Never rejects but with the signal's reason. */
  async send(lane: number, { argv, by, within, signal }: Question): Promise<LaneOutcome> {
    for (let before = this.#waiting.get(lane); before; before = this.#waiting.get(lane)) {
      const { command, since, by: whose } = before.asked;
      const age = performance.now() - since;
      if (age >= within) {
        const detail = `${command} of ${whose} has had no answer for ${(age / 1000).toFixed(1)} s`;
        return { kind: "not-sent", detail };
      }
      await Promise.race([before.over, sleep(within - age, signal)]);
    }
    const asked: Asked = { by, command: "connecting", since: performance.now() };
    const answer = this.#ask(lane, asked, argv).finally(() => this.#waiting.delete(lane));
    this.#waiting.set(lane, { asked, over: answer });
    const stop = new AbortController();
    const giveUp = sleep(within, signal ? AbortSignal.any([signal, stop.signal]) : stop.signal).then(
      (): LaneOutcome => ({ kind: "unanswered", detail: `${asked.command} had no answer within ${within} ms` }),
    );
    try {
      return await Promise.race([answer, giveUp]);
    } finally {
      stop.abort();
      giveUp.catch(() => {});
    }
  }

  /** Some command has had no answer yet. */
  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** Ends every connection; what has not been answered is journaled as lost. */
  close(): void {
    this.#closed = true;
    for (const connection of this.#connections.values()) connection.close();
  }

  async #ask(lane: number, asked: Asked, argv: () => Argv): Promise<LaneOutcome> {
    let connection: RawConnection;
    try {
      connection = await this.#connection(lane);
    } catch (error) {
      return { kind: "not-sent", detail: messageOf(error) };
    }
    const words = argv();
    asked.command = shown(words);
    asked.since = performance.now();
    const { node, emit } = this.#options;
    const number = ++this.#number;
    const event = {
      type: "admin-command",
      node,
      connection: lane,
      number,
      by: asked.by,
      command: asked.command,
    } as const;
    emit({ ...event, step: "sent" });
    const outcome = await connection.send(words, { within: NO_DEADLINE_MS });
    const ms = performance.now() - asked.since;
    if (outcome.outcome === "ok") {
      emit({ ...event, step: "answered", ms });
      return { kind: "answered", ms };
    }
    const refused = outcome.outcome === "fail" && outcome.reply !== undefined;
    const detail = refused ? (outcome.reply?.message ?? "") : outcome.error;
    emit({ ...event, step: refused ? "refused" : "lost", ms, detail });
    return { kind: refused ? "refused" : "lost", detail };
  }

  async #connection(lane: number): Promise<RawConnection> {
    const open = this.#connections.get(lane);
    if (open?.isOpen) return open;
    const { address, login } = this.#options;
    const connection = await RawConnection.open({ ...address, ...login, within: OPEN_MS });
    if (this.#closed) connection.close();
    this.#connections.set(lane, connection);
    return connection;
  }
}

/** A command for people: a topology of many lines is left out, its number is not. */
export function shown(argv: Argv): string {
  return argv.map((word) => (word.length > 60 ? "…" : word)).join(" ");
}
