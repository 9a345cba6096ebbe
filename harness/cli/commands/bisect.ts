import { ChaosError } from "../../base/chaos-error.ts";
import { registries } from "../../experiment/catalogue.ts";
import { readExperiment } from "../../experiment/read-experiment.ts";
import { attempt, triedText } from "../../run/campaign/attempts.ts";
import { firstChange } from "../../run/campaign/first-change.ts";
import { newSeed, rounds, seedOfRound, type Trial } from "../../run/campaign/rounds.ts";
import type { RunResult } from "../../run/run-options.ts";
import { command, REPORTS } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { print } from "../print.ts";
import { readCount } from "../read-limits.ts";
import { withSession } from "../session.ts";

export const bisectCommand = command({
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
    const first = args.seed ?? newSeed();
    return withSession({ reports: args.reports, quiet: true }, async (session) => {
      const run = ({ of: image, round }: Trial<string>): Promise<RunResult> =>
        session.runSeed(experiment, seedOfRound(first, round), { system: args.system, image });
      const { signal } = session;
      const steps = firstChange(images.length);
      let step = steps.next();
      while (!step.done) {
        const image = images[step.value] as string;
        const tried = await attempt(rounds([image], tries), { run, signal }, ({ verdict }) => verdict === "fail");
        if (signal.aborted) return EXIT.interrupted;
        print(`${image}  ${triedText(tried)}`);
        const { outcome } = tried;
        if (outcome !== "pass" && outcome !== "fail") {
          print(`Nothing follows from ${image}, so the search ends here.`);
          return EXIT.inconclusive;
        }
        step = steps.next(outcome);
      }
      const change = step.value;
      if (change === null) {
        print(`Nothing changes between ${images[0]} and ${images.at(-1)}: both end alike.`);
        return EXIT.inconclusive;
      }
      const verb = change.now === "fail" ? "fails" : "passes";
      print(`The first that ${verb}: ${images[change.after]} (${images[change.before]} does not).`);
      return EXIT.pass;
    });
  },
});
