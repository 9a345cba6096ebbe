import path from "node:path";
import { fileURLToPath } from "node:url";
import type { Argv } from "yargs";
import { registries } from "../experiment/catalogue.ts";
import { loadExperiment } from "../experiment/load.ts";
import { loadTools } from "../load/tools.ts";
import type { Command } from "./command.ts";
import { EXIT } from "./exit-codes.ts";
import { experimentFiles } from "./experiment-files.ts";
import { out } from "./print.ts";

const CATALOGUE = fileURLToPath(new URL("../../experiments", import.meta.url));

interface Args {
  folder: string;
}

export const listCommand: Command<Args> = {
  usage: "list [folder]",
  summary: "list the experiments, faults, checks and workloads there are",
  arguments: (parser) =>
    parser.positional("folder", {
      type: "string",
      default: CATALOGUE,
      defaultDescription: "the catalogue",
      describe: "where to look for experiments",
    }) as unknown as Argv<Args>,
  run: async ({ folder }) => {
    const rows: string[][] = [];
    for (const file of await experimentFiles([folder])) {
      const { title, systems } = await loadExperiment(file, registries);
      rows.push([path.relative(process.cwd(), file), systems.join(","), title]);
    }
    out("EXPERIMENTS");
    for (const line of table(rows)) out(`  ${line}`);
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
    return EXIT.pass;
  },
};

/** Columns padded to their widest cell, the last one free. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row.map((cell, column) => (column < row.length - 1 ? cell.padEnd(widths[column] ?? 0) : cell)).join("  "),
  );
}
