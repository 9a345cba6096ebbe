import { runChecks } from "../../checks/run-checks.ts";
import { type Judgement, verdictOf } from "../../checks/verdict.ts";
import { readRun } from "../../history/read-history.ts";
import type { JournalEvent } from "../../journal/events.ts";
import type { Finding } from "../../journal/finding.ts";
import type { Losses } from "../../journal/losses.ts";
import type { PlannedExperiment } from "../../journal/plan.ts";
import { recordOf } from "../../journal/record.ts";

/** What is judged at the run's end alone; what it allows is looked at on the way, too. */
type Judged = Pick<PlannedExperiment, "checks" | "losses">;

interface JudgedAgain extends Judgement {
  findings: Finding[];
  losses: Losses[];
}

/**
 * Test support: what a run's checks say if its experiment had asked for something else. Checks are functions of the journal and of nothing
 * else, so that it need not be run once more for that.
 * @param directory the run's folder
 */
export async function judgedAgain(directory: string, asked: Partial<Judged>): Promise<JudgedAgain> {
  const was = await readRun(directory);
  const { plan } = was;
  if (!plan) throw new Error(`${directory}: a journal without a plan`);
  const other = { ...plan, experiment: { ...plan.experiment, ...asked } };
  const events = was.events
    .filter(({ type }) => type !== "check" && type !== "verdict")
    .map((event): JournalEvent => (event.type === "run" ? { ...event, plan: other } : event));
  const record = recordOf(events, was);
  const results = runChecks(record.plan?.experiment.checks ?? [], record);
  return {
    ...verdictOf(record, results),
    findings: results.flatMap(({ findings }) => findings),
    losses: results.flatMap(({ losses }) => losses ?? []),
  };
}
