import type { Random } from "../../base/random.ts";
import type { CellShape } from "../../journal/history.ts";
import type { LoadSpec } from "../../journal/plan.ts";
import type { CommandWriter } from "../../resp/command-writer.ts";
import type { Reply, RespError } from "../../resp/reply.ts";
import type { DrawnCommand } from "../commands/choice.ts";

/**
 * One kind of traffic. To add one: write a file like `set.ts`, and name it in `registry.ts`.
 *
 * `source` is called once per load and thread and returns the function that writes one command after another. It runs a
 * million times a second, so it should only pick and put together prepared pieces.
 */
export type Workload = OneCommand | Talking;

interface Named {
  readonly name: string;
  /** One line for `kvchaos list`. */
  readonly summary: string;
  /** Its keys can have a time to live (`ttl`). */
  readonly expires?: true;
  /** Its commands that not every server has: asked for before anything is loaded. */
  readonly needs?: readonly string[];
  /** Some of its commands wait for what another client does: those of one slot need several connections. */
  readonly blocks?: true;
  /** Its commands are drawn from the server's table (`only`, `without`, `weights`). */
  readonly drawsFromTable?: true;
}

/** Each operation is one command. */
interface OneCommand extends Named {
  source(spec: LoadSpec, random: Random): CommandSource;
  /** Present where its operations can be recorded, each of which writes or reads one cell. */
  readonly recorded?: RecordedWorkload;
  readonly talk?: undefined;
}

/** An operation takes as many commands and replies as it takes. A load of it has a pipeline of 1. */
interface Talking extends Named {
  readonly talk: TalkSource;
  /** Present where its operations can be recorded. */
  readonly recorded?: Recording;
  readonly source?: undefined;
}

/** Writes the next command. */
export type CommandSource = (to: CommandWriter) => void;

/** What a load's recorded operations do. */
export interface Recording {
  readonly type: CellShape["type"];
  /** What its operations do with a cell: a check of reads needs a load that reads. */
  readonly does: readonly ("read" | "write")[];
}

/** The same traffic with values that name their writes, or amounts. */
export interface RecordedWorkload extends Recording {
  source(spec: LoadSpec, random: Random, writes: WriteNumbers): RecordedSource;
}

/** What the command just written does: filled in by a RecordedSource, read before the next one is written. */
export interface Intent {
  /** Number of the cell: key × elements + element. */
  cell: number;
  /** KIND */
  kind: number;
  /** The number of the write or touch; NOTHING for a read; of a counter the amount, as `counted` makes it. */
  value: number;
}

/** Writes the next command and says what it does. */
export type RecordedSource = (to: CommandWriter, intent: Intent) => void;

/** Hands out the numbers of writes, unique in a load over all its threads, and the values that carry them. */
export interface WriteNumbers {
  next(): number;
  /** The value, as one argument of a command. */
  write(to: CommandWriter, number: number): void;
  /** The value that a read said, as histories have it. */
  read(reply: Exclude<Reply, RespError>): number;
}

/** Called once per load and thread; what it returns, once per connection. `table`: what it draws from, of a workload that does. */
export type TalkSource = (
  spec: LoadSpec,
  random: Random,
  writes: WriteNumbers,
  table: readonly DrawnCommand[],
) => () => Talk;

/** What one connection says and hears: one operation after another, each of as many commands and replies as it takes. */
export interface Talk {
  /** Name of the command that the operation is about, where they are counted by it. */
  readonly command?: string;
  /** The command as a reader may see it, of one that has a name. */
  readonly words?: string;
  /** Chooses the next operation and says what it does. */
  draw(intent: Intent): void;
  /**
   * Writes its first commands; returns how many replies must come. Called again, on another connection, for an operation that a server
   * has refused because of its keys' slot: it says the same once more.
   */
  begin(to: CommandWriter, intent: Intent): number;
  /**
   * They are in. Writes more and returns how many replies must come now, or says what became of the operation. `intent` may be told
   * more: what a read has found.
   */
  heard(replies: readonly Reply[], to: CommandWriter, intent: Intent): number | Ending;
}

/**
 * "ok"; "nothing": answered, and it did not happen, as it should not (a WATCH, a DISCARD); "partly": some of it may have happened; an
 * error reply: it did not happen; OutOfStep: the reply of another command came, and the connection is of no use any more.
 */
export type Ending = "ok" | "nothing" | "partly" | RespError | OutOfStep;

/** A server has given a command no reply, or two. */
export class OutOfStep {
  /** What came, and what was to come. */
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}
