import { randomInt } from "node:crypto";
import path from "node:path";
import { ChaosError } from "../../base/chaos-error.ts";
import { registries } from "../../experiment/catalogue.ts";
import { readExperiment } from "../../experiment/read-experiment.ts";
import { chooseServer } from "../choose-server.ts";
import { command, REPORTS } from "../command.ts";
import { countAgain } from "../count-again.ts";
import { EXIT, exitOfVerdict, worstExit } from "../exit-codes.ts";
import { interruptSignal } from "../interrupt.ts";
import { planFor } from "../plan-for.ts";
import { log, out } from "../print.ts";
import { readCount } from "../read-limits.ts";
import { readyMachine } from "../ready-machine.ts";
import { runOnce } from "../run-once.ts";
import { table } from "../table.ts";
import { matrixTable, type Row } from "./matrix-table.ts";

export const matrixCommand = command({
  usage: "matrix <experiment>",
  summary: "one experiment over several images, with the same seeds, side by side",
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
    reports: REPORTS,
  },
  run: async (args) => {
    const repeat = readCount("--repeat", args.repeat);
    const experiment = await readExperiment(args.experiment, registries);
    const { affected, fixed } = experiment.images;
    const images = args.image.length > 0 ? args.image : [affected, fixed].filter((name) => name !== undefined);
    if (images.length === 0) {
      throw new ChaosError("usage", "which images? The experiment names none", { hint: "Add --image A --image B." });
    }
    const base = args.seed ?? String(randomInt(1, 1_000_000));
    const { signal, dispose } = interruptSignal(log);
    const directories: string[] = [];
    const rows: Row[] = images.map((image) => ({ image, results: [] }));
    try {
      const engine = await readyMachine(signal);
      for (let round = 0; round < repeat && !signal.aborted; round++) {
        const seed = round === 0 ? base : `${base}.${round + 1}`;
        for (const row of rows) {
          if (signal.aborted) break;
          const wish = { system: args.system, image: row.image };
          const server = await chooseServer(engine, wish, experiment.systems, signal);
          const { plan, compose } = await planFor(experiment, seed, server);
          const reports = path.resolve(args.reports);
          const once = { engine, server, plan, compose, signal, keep: false, reports, quiet: false, json: false };
          const result = await runOnce(once);
          row.results.push(result);
          directories.push(result.directory);
        }
      }
    } finally {
      dispose();
      for (const line of table(matrixTable(rows))) out(line);
    }
    // Every report then has the other images beside its own.
    if (!signal.aborted) await countAgain(directories);
    return signal.aborted ? EXIT.interrupted : worstExit(rows.flatMap(codes));
  },
});

function codes({ results }: Row): number[] {
  return results.map(({ verdict }) => exitOfVerdict(verdict, false));
}
