import { ChaosError } from "../../base/chaos-error.ts";
import { registries } from "../../experiment/catalogue.ts";
import { readExperiment } from "../../experiment/read-experiment.ts";
import { newSeed, rounds, seedOfRound, type Trial } from "../../run/campaign/rounds.ts";
import { series } from "../../run/campaign/series.ts";
import { namedImages } from "../../run/night/jobs.ts";
import { command, JOBS, REPORTS } from "../command.ts";
import { exitOfVerdict, worstExit } from "../exit-codes.ts";
import { printTable } from "../print.ts";
import { readCount, readJobs } from "../read-limits.ts";
import { type EndedRun, withSession } from "../session.ts";
import { matrixTable, type Row } from "./matrix-table.ts";

export const matrixCommand = command({
  positionals: { experiment: { type: "string", demandOption: true, describe: "a file" } },
  options: {
    image: {
      type: "string",
      array: true,
      default: [] as string[],
      defaultDescription: "the experiment's `images:`",
      describe: "server images",
    },
    system: { type: "string", describe: "when the images' names do not tell it" },
    repeat: { type: "number", default: 1, describe: "runs on each image" },
    seed: { type: "string", describe: "of the first run; the others follow from it" },
    jobs: JOBS,
    reports: REPORTS,
  },
  run: async (args) => {
    const repeat = readCount("--repeat", args.repeat);
    readJobs(args.jobs);
    const experiment = await readExperiment(args.experiment, registries);
    const images = args.image.length > 0 ? args.image : namedImages(experiment);
    if (images.length === 0) {
      throw new ChaosError("usage", "which images? The experiment names none", { hint: "Add --image A --image B." });
    }
    const first = args.seed ?? newSeed();
    const rows: Row[] = images.map((image) => ({ image, results: [] }));
    // Every report then has the other images beside its own.
    const jobs = readJobs(args.jobs, images.length * repeat);
    return withSession({ reports: args.reports, jobs, again: true }, async (session) => {
      const run = async ({ of: row, round }: Trial<Row>, unneeded: AbortSignal): Promise<EndedRun> => {
        const wish = { system: args.system, image: row.image };
        const result = await session.runSeed(experiment, seedOfRound(first, round), wish, { unneeded });
        row.results.push({ ...result, record: await result.record() });
        return result;
      };
      try {
        const { results } = await series(rounds(rows, repeat), { run, signal: session.signal, jobs: session.jobs });
        return worstExit(results.map(({ verdict }) => exitOfVerdict(verdict)));
      } finally {
        printTable(matrixTable(rows));
      }
    });
  },
});
