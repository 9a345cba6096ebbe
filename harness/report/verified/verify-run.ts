import { readFile } from "node:fs/promises";
import path from "node:path";
import { ChaosError, messageOf } from "../../base/chaos-error.ts";
import { hashFile } from "../../base/hash-file.ts";
import { runChecks } from "../../checks/run-checks.ts";
import { verdictOf } from "../../checks/verdict.ts";
import { hiddenPlan } from "../../experiment/secrets.ts";
import { readRun } from "../../history/read-history.ts";
import { kindOf } from "../../journal/finding.ts";
import type { Plan } from "../../journal/plan.ts";
import type { RunRecord } from "../../journal/record.ts";
import { resultOf } from "../ci/json.ts";
import { type Result, resultSchema } from "../ci/result-schema.ts";
import { timeToFinding } from "../time-to-finding.ts";
import { hasVerdict, planDigest, type VerifiedRun, verifiedRunSchema } from "./verified-run.ts";

/** The plan of an experiment of the catalogue as it is today; null: there is none of that name. */
export type PlanToday = (experiment: string, seed: string, system: string, image: string) => Promise<Plan | null>;

/**
 * Reads the folder of a run and believes none of it: the result must be what the journal says, the verdict what the checks
 * give for the journal, and the plan that of the catalogue's experiment as it is today.
 * @throws ChaosError usage: why it verifies nothing
 */
export async function verifiedRunOf(folder: string, planToday: PlanToday): Promise<VerifiedRun> {
  const result = await readResult(path.join(folder, "result.json"));
  const record = await readRun(folder);
  if (record.tornLine !== null) throw refused("its journal ends inside a line: the harness was killed");
  if (record.first("cluster")?.attached)
    throw refused("its servers were there: nobody knows what they are and how they were started");
  checkResult(result, record);
  checkVerdict(result, record);
  const run = record.first("run");
  const experiment = belowExperiments(run?.experimentFile ?? "");
  if (experiment === null) throw refused(`${run?.experimentFile} is no experiment of the catalogue (experiments/)`);
  const { seed, system, image, digest, verdict, runId, startedAt, kvchaos, findings } = result;
  const today = await planToday(experiment, seed, system, image);
  if (!today) throw refused(`the catalogue has no experiment ${experiment}`);
  const plan = record.plan && planDigest(record.plan);
  if (plan === null || plan !== planDigest(hiddenPlan(today))) {
    throw refused(
      `stale: experiments/${experiment} gives another plan with this seed today: the file has changed since, or the run's plan was not the file's`,
    );
  }
  const judged = hasVerdict(result);
  return verifiedRunSchema.parse({
    run: runId,
    experiment,
    seed,
    system,
    image,
    digest,
    verdict,
    found: judged ? [...new Set(findings.map(kindOf))].sort() : [],
    after: judged ? roundedTime(result) : null,
    started: startedAt,
    kvchaos,
    plan,
    journal: (await hashFile(path.join(folder, "journal.jsonl"))).sha256,
  } satisfies VerifiedRun);
}

function roundedTime({ phases, findings }: Result): number | null {
  const time = timeToFinding(phases.find(({ phase }) => phase === "chaos")?.from, findings);
  return time === null ? null : Math.round(time);
}

async function readResult(file: string): Promise<Result> {
  try {
    return resultSchema.parse(JSON.parse(await readFile(file, "utf8")));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw refused(
      code === "ENOENT" ? "it has no result.json" : `its result.json is none of this version: ${messageOf(error)}`,
    );
  }
}

/** Everything that the table tells must be in the journal, too. */
function checkResult(result: Result, record: RunRecord): void {
  const said = factsOf(result);
  const journaled = factsOf(resultOf(record));
  for (const [what, value] of Object.entries(journaled)) {
    if (JSON.stringify(said[what]) === JSON.stringify(value)) continue;
    throw refused(`result.json and journal.jsonl tell different things: ${what}`);
  }
}

function factsOf(result: Result): Record<string, unknown> {
  const { runId, seed, system, image, digest, verdict, startedAt, kvchaos, phases } = result;
  const findings = result.findings.map(({ type, class: kind, from }) => ({ type, class: kind, from }));
  return { runId, seed, system, image, digest, verdict, startedAt, kvchaos, phases, findings };
}

/** Judges the journal again. What broke off was not judged by checks. */
function checkVerdict({ verdict, findings }: Result, record: RunRecord): void {
  if (verdict === "error" || verdict === "interrupted") return;
  const results = runChecks(record.plan?.experiment.checks ?? [], record);
  const again = verdictOf(record, results);
  const kinds = (all: readonly { type: string; class: string }[]): string =>
    all.map(kindOf).sort().join(", ") || "nothing";
  const found = kinds(results.flatMap((one) => one.findings));
  if (again.verdict === verdict && found === kinds(findings)) return;
  throw refused(
    `its journal does not give the verdict that it says: ${again.verdict} (${found}) instead of ${verdict} (${kinds(findings)})`,
  );
}

/** "/x/experiments/any/quickstart.yaml" → "any/quickstart.yaml" */
function belowExperiments(file: string): string | null {
  return /(?:^|\/)experiments\/(.+)$/.exec(file)?.[1] ?? null;
}

function refused(why: string): ChaosError {
  return new ChaosError("usage", why);
}
