import { type KnownBug, standsFor } from "../../experiment/known-bugs.ts";
import type { ExperimentHead } from "../../experiment/read-head.ts";
import { knownSystem } from "../choose-server.ts";
import { EXPERIMENTS } from "../experiment-files.ts";
import { print, printFitted } from "../print.ts";
import { readVerified, Today, VERIFIED } from "../verified-file.ts";
import { bugsOf, coverage } from "./bug-coverage.ts";

/**
 * `kvchaos list --coverage`, in a module of its own: a list without it loads nothing that reads and plans experiments.
 * @param narrowed only bugs for which one of the experiments stands
 */
export async function printCoverage(
  experiments: readonly ExperimentHead[],
  bugs: readonly KnownBug[],
  { system, narrowed }: { system: string | undefined; narrowed: boolean },
): Promise<void> {
  const wanted = system === undefined ? bugs : bugsOf(bugs, knownSystem(system).name);
  const shown = narrowed ? wanted.filter((bug) => experiments.some((one) => standsFor(one, bug))) : wanted;
  const runs = await readVerified(VERIFIED);
  const stale = await new Today().stale(runs);
  const { rows, summary } = coverage({ bugs: shown, experiments, runs, stale, root: EXPERIMENTS });
  printFitted(rows);
  print(`\n${summary}`);
}
