import { randomInt } from "node:crypto";
import path from "node:path";
import { ChaosError } from "../../base/chaos-error.ts";
import { registries } from "../../experiment/catalogue.ts";
import { readExperiment } from "../../experiment/read-experiment.ts";
import { type Attempt, attempt, triedText } from "../../run/campaign/attempts.ts";
import { firstChange } from "../../run/campaign/first-change.ts";
import type { RunResult } from "../../run/run-options.ts";
import { chooseServer } from "../choose-server.ts";
import { command, REPORTS } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { interruptSignal } from "../interrupt.ts";
import { planFor } from "../plan-for.ts";
import { log, out } from "../print.ts";
import { readCount } from "../read-limits.ts";
import { readyMachine } from "../ready-machine.ts";
import { runOnce } from "../run-once.ts";

export const bisectCommand = command({
  usage: "bisect <experiment>",
  summary: "the first image, in the order given, on which an experiment begins to fail or to pass",
  positionals: { experiment: { type: "string", demandOption: true, describe: "a file" } },
  options: {
    image: { type: "string", array: true, demandOption: true, describe: "server images, oldest first" },
    system: { type: "string", describe: "when the images' names do not tell it" },
    tries: { type: "number", default: 3, describe: "runs on an image before it counts as passing" },
    seed: { type: "string", describe: "of the first run on each image; the others follow from it" },
    reports: REPORTS,
  },
  run: async (args) => {
    const tries = readCount("--tries", args.tries);
    const { image: images } = args;
    if (images.length < 2) throw new ChaosError("usage", "--image: expected two images or more, oldest first");
    const experiment = await readExperiment(args.experiment, registries);
    const base = args.seed ?? String(randomInt(1, 1_000_000));
    const { signal, dispose } = interruptSignal(log);
    try {
      const engine = await readyMachine(signal);
      const run = async (image: string, round: number): Promise<RunResult> => {
        const wish = { system: args.system, image };
        const server = await chooseServer(engine, wish, experiment.systems, signal);
        const { plan, compose } = await planFor(experiment, round === 0 ? base : `${base}.${round + 1}`, server);
        const reports = path.resolve(args.reports);
        return runOnce({ engine, server, plan, compose, signal, keep: false, reports, quiet: true });
      };
      const limits = { tries, shows: ({ verdict }: Attempt) => verdict === "fail", over: () => signal.aborted };
      const steps = firstChange(images.length);
      let step = steps.next();
      while (!step.done) {
        const image = images[step.value] as string;
        const tried = await attempt((round) => run(image, round), limits);
        if (signal.aborted) return EXIT.interrupted;
        out(`${image}  ${triedText(tried)}`);
        const { outcome } = tried;
        if (outcome !== "pass" && outcome !== "fail") {
          out(`Nothing follows from ${image}, so the search ends here.`);
          return EXIT.inconclusive;
        }
        step = steps.next(outcome);
      }
      const change = step.value;
      if (change === null) {
        out(`Nothing changes between ${images[0]} and ${images.at(-1)}: both end alike.`);
        return EXIT.inconclusive;
      }
      const verb = change.now === "fail" ? "fails" : "passes";
      out(`The first that ${verb}: ${images[change.after]} (${images[change.before]} does not).`);
      return EXIT.pass;
    } finally {
      dispose();
    }
  },
});
