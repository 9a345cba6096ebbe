import { ChaosError } from "../../base/chaos-error.ts";
import { registries } from "../../experiment/catalogue.ts";
import { readExperiment } from "../../experiment/read-experiment.ts";
import { newSeed, rounds, seedOfRound, type Trial } from "../../run/campaign/rounds.ts";
import { series } from "../../run/campaign/series.ts";
import { namedImages } from "../../run/night/jobs.ts";
import { systemNamedBy } from "../../systems/system-of-image.ts";
import { checkNodeImages, knownSystem } from "../choose-server.ts";
import { command, JOBS, REPORTS } from "../command.ts";
import { exitOfVerdict, worstExit } from "../exit-codes.ts";
import { OBSERVED, observed } from "../observe/observers.ts";
import { printTable } from "../print.ts";
import { readCount, readJobs } from "../read-limits.ts";
import { type EndedRun, type Session, withSession } from "../session.ts";
import { matrixTable, pairings, type Row, type Tried } from "./matrix-table.ts";

type TriedRow = Row & Tried;

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
    mixed: {
      type: "boolean",
      default: false,
      describe: "every pairing of an image for the masters with one for the replicas, each with itself included",
    },
    system: { type: "string", describe: "when the images' names do not tell it" },
    repeat: { type: "number", default: 1, describe: "runs on each image" },
    seed: { type: "string", describe: "of the first run; the others follow from it" },
    jobs: JOBS,
    reports: REPORTS,
    ...OBSERVED,
  },
  run: async (args) => {
    const repeat = readCount("--repeat", args.repeat);
    readJobs(args.jobs);
    const experiment = await readExperiment(args.experiment, registries);
    const images = args.image.length > 0 ? args.image : namedImages(experiment);
    if (images.length === 0) {
      throw new ChaosError("usage", "which images? The experiment names none", { hint: "Add --image A --image B." });
    }
    if (args.mixed && images.length < 2) {
      throw new ChaosError("usage", `--mixed: expected two images or more, got ${images[0]}`, {
        hint: "Add --image A B.",
      });
    }
    const first = args.seed ?? newSeed();
    const servers: Tried[] = args.mixed ? pairings(images) : images.map((image) => ({ image }));
    const shape = await registries.readShape(experiment.cluster);
    for (const { image, nodes = {} } of servers) {
      if (args.mixed) checkNodeImages(nodes, shape, knownSystem(args.system ?? systemNamedBy(image)));
    }
    const rows = servers.map((wish): TriedRow => ({ ...wish, results: [] }));
    // Every report then has the other images beside its own.
    const jobs = readJobs(args.jobs, rows.length * repeat);
    const runAll = async (session: Session): Promise<number> => {
      const run = async ({ of: row, round }: Trial<TriedRow>, unneeded: AbortSignal): Promise<EndedRun> => {
        const wish = { system: args.system, image: row.image, nodes: row.nodes };
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
    };
    return observed(args, (observers) => withSession({ reports: args.reports, jobs, again: true, observers }, runAll));
  },
});
