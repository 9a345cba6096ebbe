import type { InferredOptionTypes, Options, PositionalOptions } from "yargs";

/* Arguments by name, as yargs describes them. */
type Positionals = Readonly<Record<string, PositionalOptions>>;
type OptionsByName = Readonly<Record<string, Options>>;

/** A subcommand as `--help` lists it. */
export interface CommandEntry {
  readonly usage: string;
  readonly summary: string;
  load(): Promise<Command>;
}

/** A subcommand's arguments, and what it does, which returns the exit code. */
export interface Command<P extends Positionals = Positionals, O extends OptionsByName = OptionsByName> {
  /** What stands in the entry's `usage`. */
  readonly positionals: P;
  readonly options: O;
  run(args: InferredOptionTypes<P> & InferredOptionTypes<O>): Promise<number>;
}

/** The command as it is: it only makes the types of `run`'s arguments follow from their descriptions. */
export function command<const P extends Positionals, const O extends OptionsByName>(described: Command<P, O>) {
  return described;
}

/** "run" of "run <experiment..>". */
export const nameOf = ({ usage }: { readonly usage: string }): string => usage.split(" ", 1)[0] ?? usage;

/* Options that several commands have. */

export const SYSTEM = {
  type: "string",
  describe: "kvrocks, pika or redis, where the image's name does not tell it",
} as const;
export const IMAGE = {
  type: "string",
  array: true,
  nargs: 1,
  describe:
    "server image; its name tells the system, or add --system. NODE=IMAGE, again and again, for a node, or for masters, replicas, sentinels or controllers: `--image m1=redis:7.0.15`",
} as const;
export const REPORTS = { type: "string", default: "reports", describe: "where the run folders are written" } as const;
export const KEEP = {
  type: "boolean",
  default: false,
  describe: "leave the cluster running (`kvchaos clean` removes it)",
} as const;
export const JOBS = {
  type: "string",
  default: "1",
  describe: 'runs at the same time; "auto": as many as this machine carries',
} as const;
export const QUIET = { type: "boolean", default: false, describe: "no live output, only how it ended" } as const;
export const JSON_EVENTS = {
  type: "boolean",
  default: false,
  describe: "events as NDJSON on stdout instead of live output",
} as const;
