import type { Random } from "../../base/random.ts";
import type { CellShape } from "../../journal/history.ts";
import type { LoadSpec } from "../../journal/plan.ts";
import type { CommandWriter } from "../../resp/command-writer.ts";

/**
 * One kind of traffic. To add one: write a file like `set.ts`, and name it in `registry.ts`.
 *
 * `source` is called once per load and thread and returns the function that writes one command after another. It runs a
 * million times a second, so it should only pick and put together prepared pieces.
 */
export interface Workload {
  readonly name: string;
  /** One line for `kvchaos list`. */
  readonly summary: string;
  source(spec: LoadSpec, random: Random): CommandSource;
  /** Present where its operations can be recorded, each of which writes or reads one cell. */
  readonly recorded?: RecordedWorkload;
}

/** Writes the next command. */
export type CommandSource = (to: CommandWriter) => void;

/** The same traffic with values that name their writes, or amounts. */
export interface RecordedWorkload {
  readonly type: CellShape["type"];
  /** What its operations do with a cell: a check of reads needs a load that reads. */
  readonly does: readonly ("read" | "write")[];
  source(spec: LoadSpec, random: Random, writes: WriteNumbers): RecordedSource;
}

/** What the command just written does: filled in by a RecordedSource, read before the next one is written. */
export interface Intent {
  /** Number of the cell: key × elements + element. */
  cell: number;
  /** KIND */
  kind: number;
  /** The write's number; NOTHING for a read; of a counter the amount, as `counted` makes it. */
  value: number;
}

/** Writes the next command and says what it does. */
export type RecordedSource = (to: CommandWriter, intent: Intent) => void;

/** Hands out the numbers of writes, unique in a load over all its threads, and the values that carry them. */
export interface WriteNumbers {
  next(): number;
  /** The value, as one argument of a command. */
  write(to: CommandWriter, number: number): void;
}
