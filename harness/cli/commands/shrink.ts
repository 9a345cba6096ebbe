import path from "node:path";
import { ChaosError } from "../../base/chaos-error.ts";
import { kindOf } from "../../journal/finding.ts";
import { shellWord } from "../../report/replay-command.ts";
import { firstKind } from "../../run/campaign/attempts.ts";
import { cameBefore } from "../../run/shrink/came-before.ts";
import { imageWords, readWish } from "../choose-server.ts";
import { command, IMAGE, JOBS, REPORTS, SYSTEM } from "../command.ts";
import { earlierExperiment } from "../earlier-experiment.ts";
import { readPlanFile, recordIn } from "../earlier-run.ts";
import { EXIT } from "../exit-codes.ts";
import { invocation } from "../invocation.ts";
import { log, print } from "../print.ts";
import { readDuration, readJobs } from "../read-limits.ts";
import { type EndedRun, withSession } from "../session.ts";
import { shareText, shrinkInto, sizeText } from "../shrink-into.ts";

export const shrinkCommand = command({
  positionals: { run: { type: "string", demandOption: true, describe: "a failed run's folder" } },
  options: {
    system: SYSTEM,
    image: { ...IMAGE, describe: `${IMAGE.describe}; default: the images of that run` },
    experiment: { type: "string", describe: "the file that the run was made from (default: where it was then)" },
    budget: {
      type: "string",
      default: "1h",
      describe: "no run begins later; the best experiment so far is written, and the next time it goes on from there",
    },
    out: { type: "string", describe: "where the experiment is written (default: shrunk.yaml in the run's folder)" },
    jobs: { ...JOBS, default: "auto" },
    reports: REPORTS,
  },
  run: async (args) => {
    const wish = readWish(args);
    const budget = readDuration("--budget", args.budget);
    const jobs = readJobs(args.jobs);
    const plan = await readPlanFile(path.join(args.run, "plan.yaml"));
    const record = await recordIn(args.run);
    const kind = firstKind(record.of("check").flatMap(({ findings }) => findings));
    if (kind === null) {
      throw new ChaosError("usage", `${args.run}: this run found nothing, so there is nothing to shrink`, {
        hint: "Name the folder of a run whose verdict is `fail`.",
      });
    }
    const out = path.resolve(args.out ?? path.join(args.run, "shrunk.yaml"));
    return withSession({ reports: args.reports, quiet: true, jobs }, async (session) => {
      const server = await session.chooseAgain(wish, plan, record);
      const earlier = await earlierExperiment(args.experiment ?? plan.experiment.file, plan, server);
      const { file, document } = earlier;
      const end = performance.now() + budget;
      const [type = kind, ofClass] = kind.split("/");
      const { smallest, whole, counted, runs, complete, lines } = await shrinkInto(
        {
          document,
          file,
          plan: earlier.plan,
          server,
          finding: kind,
          expect: { finding: type, ...(ofClass && { class: ofClass }) },
          shows: ({ findings }) => findings.some((one) => kindOf(one) === kind),
          came: async ({ findings, record: read }: EndedRun) => {
            const found = findings.find((one) => kindOf(one) === kind);
            return found ? cameBefore(await read(), found.from) : null;
          },
          out,
          onBegin: (before, trail) => {
            if (before > 0) log(`going on after the ${before} runs in ${trail}`);
            log(`looking for the least of the experiment that still ends in ${kind}: ${sizeText(document)}`);
          },
          onTried: ({ what, outcome }) => log(`  ${what}: ${outcome}`),
        },
        {
          run: (some, unneeded) => session.runPlan(some, server, { unneeded }),
          late: () => performance.now() > end,
          signal: session.signal,
          jobs: session.jobs,
        },
      );
      if (!smallest) {
        print(`${kind} did not come back in ${shareText(whole)} runs of the whole experiment: nothing was shrunk`);
        return EXIT.inconclusive;
      }
      print(`${kind}: ${sizeText(document)} → ${sizeText(smallest)}, ${lines} lines, in ${runs} runs`);
      print(`It shows in ${shareText(counted)} runs; the whole did in ${shareText(whole)}.`);
      if (!complete)
        print("Less may do: the time was over before everything had been tried. The same command goes on from here.");
      const { words, name } = invocation();
      print([...words, "run", name(out), ...imageWords(server), "--seed", plan.seed].map(shellWord).join(" "));
      if (session.signal.aborted) return EXIT.interrupted;
      return complete ? EXIT.pass : EXIT.inconclusive;
    });
  },
});
