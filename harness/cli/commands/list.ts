import { textTable } from "../../base/text-table.ts";
import { registries } from "../../experiment/catalogue.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import { CATALOGUE, type KnownBug, readKnownBugs, standsFor } from "../../experiment/known-bugs.ts";
import { readExperiment } from "../../experiment/read-experiment.ts";
import { loadTools } from "../../load/load-tools.ts";
import { knownSystem } from "../choose-server.ts";
import { command } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { experimentFiles } from "../experiment-files.ts";
import { EXPERIMENT_HEADINGS, experimentRow } from "../experiment-row.ts";
import { bugsOf, coverage } from "../night/coverage.ts";
import { out } from "../print.ts";
import { selectExperiments } from "../select-experiments.ts";
import { fittedTable } from "../table.ts";
import { EXPERIMENTS, readVerified, Today, VERIFIED } from "../verified-file.ts";

export const listCommand = command({
  usage: "list [folder]",
  summary: "list the experiments, faults, checks and workloads there are",
  positionals: {
    folder: {
      type: "string",
      default: EXPERIMENTS,
      defaultDescription: "the catalogue",
      describe: "where to look for experiments",
    },
  },
  options: {
    system: { type: "string", describe: "experiments for kvrocks, pika or redis only" },
    tag: { type: "string", describe: "experiments with this tag only" },
    issue: { type: "string", describe: "experiments about an issue only: 2512, kvrocks#2512, or its address" },
    coverage: {
      type: "boolean",
      default: false,
      describe: "the known bugs, which experiments stand for them, and what runs on real images have shown",
    },
  },
  run: async ({ folder, system, tag, issue, coverage: wantsCoverage }) => {
    const files = await experimentFiles([folder]);
    const all = await Promise.all(files.map((file) => readExperiment(file, registries)));
    const bugs = await readKnownBugs(CATALOGUE);
    const chosen = selectExperiments(all, bugs, { system, tag, issue });
    if (wantsCoverage) {
      const wanted = system === undefined ? bugs : bugsOf(bugs, knownSystem(system).name);
      const narrowed = tag !== undefined || issue !== undefined;
      const shown = narrowed ? wanted.filter((bug) => chosen.some((one) => standsFor(one, bug))) : wanted;
      await printCoverage(chosen, shown);
      return EXIT.pass;
    }
    printTable([EXPERIMENT_HEADINGS, ...chosen.map((one) => experimentRow(one, bugs))]);
    // Who asks for certain experiments wants these.
    if (system === undefined && tag === undefined && issue === undefined) printRegistries();
    return EXIT.pass;
  },
});

async function printCoverage(experiments: readonly Experiment[], bugs: readonly KnownBug[]): Promise<void> {
  const runs = await readVerified(VERIFIED);
  const today = new Today();
  const stale = await Promise.all(runs.map((run) => today.stale(run)));
  const old = new Set(runs.filter((_, index) => stale[index]));
  const { rows, summary } = coverage({ bugs, experiments, runs, stale: old, root: EXPERIMENTS });
  printTable(rows);
  out(`\n${summary}`);
}

/** As wide as the terminal; whole, whatever its width, when somebody else reads it. */
function printTable(rows: readonly (readonly string[])[]): void {
  const { isTTY, columns } = process.stdout;
  for (const line of isTTY ? fittedTable(rows, columns) : textTable(rows)) out(line);
}

function printRegistries(): void {
  const kinds = [
    ["FAULTS", registries.faults],
    ["CHECKS", registries.checks],
    ["WORKLOADS", registries.workloads],
    ["LOAD TOOLS", loadTools],
  ] as const;
  for (const [heading, registry] of kinds) {
    out(`\n${heading}`);
    for (const line of textTable([...registry].map(([name, { summary }]) => [name, summary]))) out(`  ${line}`);
  }
}
