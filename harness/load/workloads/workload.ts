import type { Random } from "../../base/random.ts";
import type { LoadSpec } from "../load.ts";

/**
 * One kind of traffic. To add one: write a file like `set.ts`, and name it in `registry.ts`.
 *
 * `source` is called once per load and thread and returns the function that makes one command after another. It runs
 * 300 000 times a second, so it should only pick and join prepared pieces. Strings are bytes: every character must be
 * U+0000..U+00FF and is written as one byte.
 */
export interface Workload {
  readonly name: string;
  /** One line for `kvchaos list`. */
  readonly summary: string;
  source(spec: LoadSpec, random: Random): CommandSource;
}

/** Makes the next command, name first. */
export type CommandSource = () => readonly string[];
