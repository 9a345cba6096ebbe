import path from "node:path";
import { readWish } from "../choose-server.ts";
import { command, IMAGE, JSON_EVENTS, KEEP, QUIET, REPORTS, SYSTEM } from "../command.ts";
import { readPlanFile, recordIn } from "../earlier-run.ts";
import { exitOfVerdict } from "../exit-codes.ts";
import { withSession } from "../session.ts";

export const replayCommand = command({
  positionals: { run: { type: "string", demandOption: true, describe: "a run's folder or plan.yaml" } },
  options: {
    system: SYSTEM,
    image: { ...IMAGE, describe: `${IMAGE.describe}; default: the images of that run` },
    expect: { choices: ["fail"] as const, describe: "exit 0 when it fails again" },
    keep: KEEP,
    reports: REPORTS,
    quiet: QUIET,
    json: JSON_EVENTS,
  },
  run: async (args) => {
    const wish = readWish(args);
    const file = args.run.endsWith(".yaml") ? args.run : path.join(args.run, "plan.yaml");
    const plan = await readPlanFile(file);
    // A plan that was copied elsewhere has no journal beside it.
    const record = await recordIn(path.dirname(file)).catch(() => undefined);
    return withSession(args, async (session) => {
      const { verdict } = await session.runPlan(plan, await session.chooseAgain(wish, plan, record));
      return exitOfVerdict(verdict, args.expect === "fail");
    });
  },
});
