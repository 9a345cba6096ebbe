import { writeFile } from "node:fs/promises";
import path from "node:path";
import { ChaosError } from "../../base/chaos-error.ts";
import { writePlan } from "../../experiment/plan-file.ts";
import { kindOf } from "../../journal/finding.ts";
import type { Plan } from "../../journal/plan.ts";
import { shellWord } from "../../report/replay-command.ts";
import { firstKind, triedText } from "../../run/campaign/attempts.ts";
import { idsOf, shrink } from "../../run/campaign/shrink.ts";
import { command, JOBS, REPORTS, SYSTEM } from "../command.ts";
import { readPlanFile, recordIn } from "../earlier-run.ts";
import { EXIT } from "../exit-codes.ts";
import { invocation } from "../invocation.ts";
import { log, print } from "../print.ts";
import { readCount, readDuration, readJobs } from "../read-limits.ts";
import { withSession } from "../session.ts";

export const shrinkCommand = command({
  positionals: { run: { type: "string", demandOption: true, describe: "a failed run's folder" } },
  options: {
    system: SYSTEM,
    image: { type: "string", describe: "default: the image of that run" },
    tries: { type: "number", default: 2, describe: "runs of each smaller plan before it counts as passing" },
    budget: { type: "string", default: "1h", describe: "no run begins later; the best plan so far is written" },
    out: { type: "string", describe: "where the plan is written (default: shrunk.yaml in the run's folder)" },
    jobs: JOBS,
    reports: REPORTS,
  },
  run: async (args) => {
    const tries = readCount("--tries", args.tries);
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
    const file = path.resolve(args.out ?? path.join(args.run, "shrunk.yaml"));
    return withSession({ reports: args.reports, quiet: true, jobs }, async (session) => {
      const server = await session.chooseAgain(args, plan, record);
      const end = performance.now() + budget;
      log(`looking for the fewest of ${plan.faults.length} faults that still end in ${kind}`);
      const { smallest, runs, complete } = await shrink(
        plan,
        {
          tries,
          shows: ({ findings }) => findings.some((one) => kindOf(one) === kind),
          onTried: (one) => log(`  ${faultsText(one.plan)}: ${triedText(one)}`),
        },
        {
          run: (some, unneeded) => session.runPlan(some, server, unneeded),
          late: () => performance.now() > end,
          signal: session.signal,
          jobs: session.jobs,
        },
      );
      if (!smallest) {
        print(`${kind} did not come back in ${runs} runs with all ${plan.faults.length} faults: nothing was shrunk`);
        return EXIT.inconclusive;
      }
      await writeFile(file, writePlan(smallest.plan));
      print(`${kind}: ${plan.faults.length} faults → ${faultsText(smallest.plan)}, in ${runs} runs`);
      if (!complete) print("Fewer may do: the time was over before everything had been tried.");
      const { words, name } = invocation();
      const again = [...words, "replay", name(file), "--image", server.image, "--expect", "fail"];
      print(again.map(shellWord).join(" "));
      return complete ? EXIT.pass : EXIT.inconclusive;
    });
  },
});

const SHOWN = 8;

/** "3 (storm#3, storm#7, cut)", shortened in the middle when there are many. */
function faultsText(plan: Plan): string {
  const ids = idsOf(plan);
  if (ids.length === 0) return "no fault at all";
  const shown = ids.length <= SHOWN ? ids : [...ids.slice(0, SHOWN - 1), "…", ids.at(-1)];
  return `${ids.length} (${shown.join(", ")})`;
}
