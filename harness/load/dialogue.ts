import { emptyOperation, type OperationFields } from "../history/format.ts";
import { KIND, NOTHING, OUTCOME, UNRECORDED } from "../journal/history.ts";
import type { CommandWriter } from "../resp/command-writer.ts";
import { type Reply, RespError } from "../resp/reply.ts";
import { isRedirect } from "./redirects/words.ts";
import { type Ending, type Intent, OutOfStep, type Talk } from "./workloads/workload.ts";

/** Who keeps what became of the operations of a connection. */
export interface DialogueLog {
  node: number;
  /** Of another than its own. */
  nodeNumber(name: string): number;
  nextClient(): number;
  add(operation: OperationFields): void;
}

/**
 * The operation under way on one connection of a load whose operations take several commands. Gathers replies until the workload can go
 * on, and records what became of it.
 */
export class Dialogue {
  readonly #talk: Talk;
  readonly #log: DialogueLog | undefined;
  readonly #intent: Intent = { cell: 0, kind: KIND.write, value: NOTHING };
  readonly #operation: OperationFields;
  #hasClient = false;
  #replies: Reply[] = [];
  #wanted = 0;
  /** The last reply that named another server for the operation's keys. */
  #redirect: RespError | undefined;

  constructor(talk: Talk, log: DialogueLog | undefined) {
    this.#talk = talk;
    this.#log = log;
    this.#operation = emptyOperation(log?.node ?? 0);
  }

  /** Of the operation under way, where they are counted by it. */
  get command(): string | undefined {
    return this.#talk.command;
  }

  /** The same, as a reader may see it. */
  get words(): string | undefined {
    return this.#talk.words;
  }

  /** Writes the beginning of the next operation. */
  begin(to: CommandWriter, time: number): void {
    this.#operation.invoked = time;
    this.#talk.draw(this.#intent);
    this.again(to);
  }

  /** Writes the beginning of the same operation, which did not happen, for another connection. */
  again(to: CommandWriter): void {
    this.#replies = [];
    this.#redirect = undefined;
    this.#wanted = this.#talk.begin(to, this.#intent);
  }

  /** Takes a reply, and writes what is to be said next. undefined: the operation goes on. */
  heard(reply: Reply, to: CommandWriter): Ending | undefined {
    if (reply instanceof RespError && isRedirect(reply.code)) this.#redirect = reply;
    this.#replies.push(reply);
    if (this.#replies.length < this.#wanted) return undefined;
    const replies = this.#replies;
    this.#replies = [];
    const next = this.#talk.heard(replies, to, this.#intent);
    if (typeof next !== "number") return next;
    this.#wanted = next;
    return undefined;
  }

  /**
   * Of an operation that ended so: why it did not happen, where that is its keys' slot, so that it may be had elsewhere. EXECABORT tells
   * less than the refused command before it. undefined: it happened, perhaps in part, or for another reason not.
   */
  refusal(ending: Ending): RespError | undefined {
    return ending === "nothing" || ending instanceof RespError ? this.#redirect : undefined;
  }

  /** It ended so; what was in flight with a server that is out of step is lost. @param node absent: that of its own connection */
  over(ending: Ending, time: number, node?: string): void {
    if (ending instanceof OutOfStep) this.lost(node);
    else this.#add(ending === "ok" ? OUTCOME.ok : ending === "partly" ? OUTCOME.info : OUTCOME.fail, time, node);
  }

  /** No reply will come any more. */
  lost(node?: string): void {
    this.#add(OUTCOME.info, Number.NaN, node);
  }

  #add(outcome: number, completed: number, node: string | undefined): void {
    if (!this.#log || this.#intent.cell === UNRECORDED) return;
    const operation = this.#operation;
    // Only a connection that does something needs a number.
    if (!this.#hasClient) operation.client = this.#log.nextClient();
    this.#hasClient = true;
    operation.node = node === undefined ? this.#log.node : this.#log.nodeNumber(node);
    const { cell, kind, value } = this.#intent;
    Object.assign(operation, { cell, kind, value, outcome, completed });
    this.#log.add(operation);
  }
}
