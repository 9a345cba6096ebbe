import type { Argv } from "yargs";

/** A subcommand: yargs' description of its arguments, and what it does, which returns the exit code. */
export interface Command<A> {
  readonly usage: string;
  readonly summary: string;
  readonly arguments: (parser: Argv) => Argv<A>;
  run(args: A): Promise<number>;
}
