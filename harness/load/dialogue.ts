import { emptyOperation, type OperationFields } from "../history/format.ts";
import { KIND, NOTHING, OUTCOME, UNRECORDED } from "../journal/history.ts";
import type { CommandWriter } from "../resp/command-writer.ts";
import type { Reply } from "../resp/reply.ts";
import { type Ending, type Intent, OutOfStep, type Talk } from "./workloads/workload.ts";

/** Who keeps what became of the operations of a connection. */
export interface DialogueLog {
  node: number;
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
    this.#wanted = this.#talk.begin(to, this.#intent);
  }

  /** Takes a reply, and writes what is to be said next. undefined: the operation goes on. */
  heard(reply: Reply, to: CommandWriter, time: number): Ending | undefined {
    this.#replies.push(reply);
    if (this.#replies.length < this.#wanted) return undefined;
    const replies = this.#replies;
    this.#replies = [];
    const next = this.#talk.heard(replies, to, this.#intent);
    if (typeof next === "number") {
      this.#wanted = next;
      return undefined;
    }
    // What is in flight then is lost.
    if (next instanceof OutOfStep) return next;
    this.#add(next === "ok" ? OUTCOME.ok : next === "partly" ? OUTCOME.info : OUTCOME.fail, time);
    return next;
  }

  /** No reply will come any more. */
  lost(): void {
    this.#add(OUTCOME.info, Number.NaN);
  }

  #add(outcome: number, completed: number): void {
    if (!this.#log || this.#intent.cell === UNRECORDED) return;
    const operation = this.#operation;
    // Only a connection that does something needs a number.
    if (!this.#hasClient) operation.client = this.#log.nextClient();
    this.#hasClient = true;
    const { cell, kind, value } = this.#intent;
    Object.assign(operation, { cell, kind, value, outcome, completed });
    this.#log.add(operation);
  }
}
