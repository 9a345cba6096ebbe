import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { ChaosError } from "../../base/chaos-error.ts";
import type { ComposeFile } from "../../docker/compose.ts";
import { registries } from "../../experiment/catalogue.ts";
import type { Plan } from "../../experiment/experiment.ts";
import { readPlan } from "../../experiment/plan-file.ts";
import { hasHidden, withPassword } from "../../experiment/secrets.ts";
import { readRecord } from "../../journal/reader.ts";
import { chooseServer } from "../choose-server.ts";
import { command, JSON_EVENTS, KEEP, QUIET, REPORTS, SYSTEM } from "../command.ts";
import { exitOfVerdict } from "../exit-codes.ts";
import { interruptSignal } from "../interrupt.ts";
import { composeFor } from "../plan-for.ts";
import { log } from "../print.ts";
import { readyMachine } from "../ready-machine.ts";
import { runOnce } from "../run-once.ts";

export const replayCommand = command({
  usage: "replay <run>",
  summary: "the same faults again: run the plan of an earlier run",
  positionals: { run: { type: "string", demandOption: true, describe: "a run's folder or plan.yaml" } },
  options: {
    system: SYSTEM,
    image: { type: "string", describe: "default: the image of that run" },
    expect: { choices: ["fail"] as const, describe: "exit 0 when it fails again" },
    keep: KEEP,
    reports: REPORTS,
    quiet: QUIET,
    json: JSON_EVENTS,
  },
  run: async (args) => {
    const file = args.run.endsWith(".yaml") ? args.run : path.join(args.run, "plan.yaml");
    const text = await readFile(file, "utf8").catch((cause: unknown) => {
      throw new ChaosError("usage", `cannot read ${file}`, { hint: "Name a run's folder below reports/.", cause });
    });
    const written = readPlan(text, file, registries);
    const before = await earlierServer(path.dirname(file));
    const { signal, dispose } = interruptSignal(log);
    try {
      const engine = await readyMachine(signal);
      const wish = { system: args.system ?? before?.system, image: args.image ?? before?.image };
      const server = await chooseServer(engine, wish, written.experiment.systems, signal);
      const { plan, compose } = opened(written, await composeFor(written.experiment.cluster, server));
      const reports = path.resolve(args.reports);
      const { keep, quiet, json } = args;
      const result = await runOnce({
        engine,
        server,
        plan,
        compose,
        signal,
        keep,
        reports,
        quiet,
        json,
        fromPlan: true,
      });
      return exitOfVerdict(result.verdict, args.expect === "fail");
    } finally {
      dispose();
    }
  },
});

/** A plan in a run's folder hides its passwords: the replay makes one up for all of them. */
function opened(plan: Plan, compose: ComposeFile): { plan: Plan; compose: ComposeFile } {
  if (!hasHidden(plan)) return { plan, compose };
  log("the plan hides its passwords: one that is made up is used in place of each");
  return withPassword(plan, compose, `replay-${randomUUID()}`);
}

/** System and image of the run beside the plan; a plan that was copied elsewhere has none. */
async function earlierServer(directory: string): Promise<{ system: string; image: string } | undefined> {
  const record = await readRecord(path.join(directory, "journal.jsonl")).catch(() => undefined);
  return record?.first("run");
}
