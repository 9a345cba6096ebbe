import { unlessAborted, type WaitLimits } from "../base/deadline.ts";
import type { RawConnection } from "../resp/connection.ts";
import type { Outcome } from "../resp/reply.ts";
import type { Argv } from "../systems/system.ts";

const OPEN_MS = 1_000;
/** Longer than any run: a question without answer is waited for until the run closes its connection. */
const NO_DEADLINE_MS = 24 * 3_600_000;

/*
 *   flush#1 ─┐
 *   flush#2 ─┴─► one at a time, the next one waits for the answer ─► one connection ─► node
 *                   └─ no answer: nothing more is asked, however many flushes follow
 */

type Connection = Pick<RawConnection, "send" | "isOpen">;

/**
 * All that faults ask of one node in quick succession, of which never more than one is without answer: on a server whose threads serve all
 * connections every stuck question eats one of them for good, and measuring must not become the fault.
 */
export class NodeQuestions {
  readonly #connect: (limits: WaitLimits) => Promise<Connection>;
  readonly #readOnly: boolean;
  #connection: Connection | undefined;
  #outstanding: { since: number; over: Promise<unknown> } | null = null;

  /** @param readOnly the masters share the key space: a replica answers reads only to those who have said READONLY */
  constructor(connect: (limits: WaitLimits) => Promise<Connection>, readOnly: boolean) {
    this.#connect = connect;
    this.#readOnly = readOnly;
  }

  /** Age of the question without answer, ms; 0 when there is none. */
  get waiting(): number {
    return this.#outstanding ? performance.now() - this.#outstanding.since : 0;
  }

  /**
   * What became of the command. Rejects when the signal fires: a question that was asked by then goes on being waited for, and
   * so does one before it, in which case this one is never asked.
   */
  async ask(argv: Argv, signal: AbortSignal): Promise<Outcome> {
    while (this.#outstanding) await unlessAborted(this.#outstanding.over, signal);
    signal.throwIfAborted();
    const answer = this.#send(argv);
    this.#outstanding = { since: performance.now(), over: answer };
    void answer.then(() => {
      this.#outstanding = null;
    });
    return unlessAborted(answer, signal);
  }

  /** Never rejects. */
  async #send(argv: Argv): Promise<Outcome> {
    try {
      const connection = this.#connection?.isOpen ? this.#connection : await this.#open();
      return await connection.send(argv, { within: NO_DEADLINE_MS });
    } catch {
      return { outcome: "fail", error: "not-sent" };
    }
  }

  async #open(): Promise<Connection> {
    this.#connection = await this.#connect({ within: OPEN_MS });
    if (this.#readOnly) await this.#connection.send(["READONLY"], { within: NO_DEADLINE_MS });
    return this.#connection;
  }
}
