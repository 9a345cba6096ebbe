import { fileURLToPath } from "node:url";
import type { Argv } from "yargs";
import { registries } from "../experiment/catalogue.ts";
import { CATALOGUE as BUGS, readKnownBugs } from "../experiment/known-bugs.ts";
import { loadExperiment } from "../experiment/load.ts";
import { loadTools } from "../load/tools.ts";
import type { Command } from "./command.ts";
import { EXIT } from "./exit-codes.ts";
import { experimentFiles } from "./experiment-files.ts";
import { EXPERIMENT_HEADINGS, experimentRow } from "./experiment-row.ts";
import { out } from "./print.ts";
import { type Filters, selectExperiments } from "./select-experiments.ts";
import { fittedTable, table } from "./table.ts";

const CATALOGUE = fileURLToPath(new URL("../../experiments", import.meta.url));

interface Args extends Filters {
  folder: string;
}

export const listCommand: Command<Args> = {
  usage: "list [folder]",
  summary: "list the experiments, faults, checks and workloads there are",
  arguments: (parser) =>
    parser
      .positional("folder", {
        type: "string",
        default: CATALOGUE,
        defaultDescription: "the catalogue",
        describe: "where to look for experiments",
      })
      .options({
        system: { type: "string", describe: "experiments for kvrocks, pika or redis only" },
        tag: { type: "string", describe: "experiments with this tag only" },
        issue: { type: "string", describe: "experiments about an issue only: 2512, kvrocks#2512, or its address" },
      }) as unknown as Argv<Args>,
  run: async ({ folder, system, tag, issue }) => {
    const files = await experimentFiles([folder]);
    const all = await Promise.all(files.map((file) => loadExperiment(file, registries)));
    const bugs = await readKnownBugs(BUGS);
    const chosen = selectExperiments(all, bugs, { system, tag, issue });
    printTable([EXPERIMENT_HEADINGS, ...chosen.map((one) => experimentRow(one, bugs))]);
    // Who asks for certain experiments wants these.
    if (system === undefined && tag === undefined && issue === undefined) printRegistries();
    return EXIT.pass;
  },
};

/** As wide as the terminal; whole, whatever its width, when somebody else reads it. */
function printTable(rows: readonly (readonly string[])[]): void {
  const { isTTY, columns } = process.stdout;
  for (const line of isTTY ? fittedTable(rows, columns) : table(rows)) out(line);
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
    for (const line of table([...registry].map(([name, { summary }]) => [name, summary]))) out(`  ${line}`);
  }
}
