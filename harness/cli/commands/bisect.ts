import { ChaosError } from "../../base/chaos-error.ts";
import { registries } from "../../experiment/catalogue.ts";
import { readExperiment } from "../../experiment/read-experiment.ts";
import { Ahead, upcoming } from "../../run/campaign/ahead.ts";
import { attempt, triedText } from "../../run/campaign/attempts.ts";
import { firstChange, type Outcome } from "../../run/campaign/first-change.ts";
import { newSeed, rounds, seedOfRound, type Trial } from "../../run/campaign/rounds.ts";
import { command, JOBS, REPORTS } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { print } from "../print.ts";
import { readCount, readJobs } from "../read-limits.ts";
import { type EndedRun, withSession } from "../session.ts";

export const bisectCommand = command({
  positionals: { experiment: { type: "string", demandOption: true, describe: "a file" } },
  options: {
    image: { type: "string", array: true, demandOption: true, describe: "server images, oldest first" },
    system: { type: "string", describe: "when the images' names do not tell it" },
    tries: { type: "number", default: 3, describe: "runs on an image before it counts as passing" },
    seed: { type: "string", describe: "of the first run on each image; the others follow from it" },
    jobs: JOBS,
    reports: REPORTS,
  },
  run: async (args) => {
    const tries = readCount("--tries", args.tries);
    const { image: images } = args;
    if (images.length < 2) throw new ChaosError("usage", "--image: expected two images or more, oldest first");
    const experiment = await readExperiment(args.experiment, registries);
    const first = args.seed ?? newSeed();
    const options = { reports: args.reports, quiet: true, jobs: readJobs(args.jobs, 2 * tries) };
    return withSession(options, async (session) => {
      const run = ({ of: image, round }: Trial<string>, unneeded: AbortSignal): Promise<EndedRun> =>
        session.runSeed(experiment, seedOfRound(first, round), { system: args.system, image }, { unneeded });
      const { signal, jobs } = session;
      const ahead = new Ahead((at, unneeded) =>
        attempt(
          rounds([images[Number(at)] as string], tries),
          { run, signal, jobs, unneeded },
          ({ verdict }) => verdict === "fail",
        ),
      );
      const search = () => firstChange(images.length);
      const answers: Outcome[] = [];
      const steps = search();
      let step = steps.next();
      while (!step.done) {
        const image = images[step.value] as string;
        await ahead.expect(upcoming(search, answers, ["fail", "pass"], Math.ceil(jobs / tries)).map(String));
        const tried = await ahead.get(String(step.value));
        if (signal.aborted) return EXIT.interrupted;
        print(`${image}  ${triedText(tried)}`);
        const { outcome } = tried;
        if (outcome !== "pass" && outcome !== "fail") {
          print(`Nothing follows from ${image}, so the search ends here.`);
          await ahead.expect([]);
          return EXIT.inconclusive;
        }
        answers.push(outcome);
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
