import path from "node:path";
import { registries } from "../../experiment/catalogue.ts";
import { CATALOGUE, type KnownBug, readKnownBugs } from "../../experiment/known-bugs.ts";
import { type ExperimentHead, readHead } from "../../experiment/read-head.ts";
import { loadTools } from "../../load/load-tools.ts";
import { SYSTEM_NAMES } from "../../systems/system.ts";
import { command } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { EXPERIMENTS, experimentFiles } from "../experiment-files.ts";
import { selectExperiments, shortIssue } from "../list/select-experiments.ts";
import { print, printFitted, printTable } from "../print.ts";

const HEADINGS = ["EXPERIMENT", "SYSTEMS", "FINDS", "ISSUE", "AFFECTED → FIXED", "TITLE"];

export const listCommand = command({
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
    const all = await Promise.all((await experimentFiles([folder])).map(readHead));
    const bugs = await readKnownBugs(CATALOGUE);
    const chosen = selectExperiments(all, bugs, { system, tag, issue });
    const narrowed = tag !== undefined || issue !== undefined;
    if (wantsCoverage) {
      const { printCoverage } = await import("../list/print-coverage.ts");
      await printCoverage(chosen, bugs, { system, narrowed });
      return EXIT.pass;
    }
    printFitted([HEADINGS, ...chosen.map((one) => experimentRow(one, bugs))]);
    // Who asks for certain experiments wants these.
    if (system === undefined && !narrowed) printRegistries();
    return EXIT.pass;
  },
});

function printRegistries(): void {
  const kinds = [
    ["FAULTS", registries.faults],
    ["CHECKS", registries.checks],
    ["WORKLOADS", registries.workloads],
    ["LOAD TOOLS", loadTools],
  ] as const;
  for (const [heading, registry] of kinds) {
    print(`\n${heading}`);
    const rows = [...registry].map(([name, { summary }]) => [name, summary]);
    printTable(rows, "  ");
  }
}

/** One experiment as a row of `kvchaos list`; "-" stands for what it does not say. */
function experimentRow(experiment: ExperimentHead, bugs: readonly KnownBug[]): string[] {
  const { file, systems, expect, images, title } = experiment;
  return [
    path.relative(process.cwd(), file),
    systems.length === SYSTEM_NAMES.length ? "any" : systems.join(","),
    findsText(expect),
    shortIssue(experiment, bugs),
    imagesText(images),
    title,
  ];
}

/** "hang/deadlocked", "hang, crash (sometimes)" */
function findsText(expect: ExperimentHead["expect"]): string {
  if (!expect) return "-";
  const types = expect.finding.map((type) => (expect.class === null ? type : `${type}/${expect.class}`));
  return `${types.join(", ")}${expect.sometimes ? " (sometimes)" : ""}`;
}

/** { affected: "apache/kvrocks:2.9.0", fixed: "apache/kvrocks:2.11.0" } → "kvrocks:2.9.0 → 2.11.0" */
function imagesText({ affected, fixed }: ExperimentHead["images"]): string {
  if (affected === undefined && fixed === undefined) return "-";
  const same = affected !== undefined && fixed !== undefined && repositoryOf(affected) === repositoryOf(fixed);
  const shownFixed = fixed === undefined ? "" : same ? fixed.slice(repositoryOf(fixed).length + 1) : shortImage(fixed);
  return `${affected === undefined ? "" : shortImage(affected)} → ${shownFixed}`.trim();
}

const repositoryOf = (image: string): string => image.replace(/:[^:/]+$/, "");
/** Without registry and owner. */
const shortImage = (image: string): string => image.slice(image.lastIndexOf("/") + 1);
