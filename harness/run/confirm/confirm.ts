import type { Finding } from "../../journal/finding.ts";
import type { Prediction } from "../../journal/prediction.ts";
import type { RunRecord } from "../../journal/record.ts";
import { type Campaign, series } from "../campaign/series.ts";
import { type Attempt, confirmingPlans } from "./confirming-plan.ts";

/** What a try came to. */
export interface Tried {
  attempt: Attempt;
  /** The run's folder. */
  directory: string;
  /** The deadlock that was foretold; null: it did not come about. */
  finding: Finding | null;
  /** Pauses that began. */
  pauses: number;
}

export interface Confirmation {
  prediction: Prediction;
  node: string;
  tried: Tried[];
  /** The try that made it real. */
  made: Tried | null;
}

interface TriedRun {
  directory: string;
  findings: readonly Finding[];
  record: RunRecord;
}

/** Runs the plans that try to make a prediction real, until one does. */
export async function confirm(
  record: RunRecord,
  { node, prediction, tries }: { node: string; prediction: Prediction; tries: number },
  { run, ...campaign }: Campaign<Attempt, TriedRun>,
): Promise<Confirmation> {
  const attempts = confirmingPlans(record, node, prediction, tries);
  const { results } = await series(
    attempts,
    {
      ...campaign,
      run: async (attempt): Promise<Tried> => {
        const { directory, findings, record: own } = await run(attempt);
        const finding = findings.find(isForetold) ?? null;
        const pauses = own.of("thread-pause").reduce((sum, { pauses: count }) => sum + count, 0);
        return { attempt, directory, finding, pauses };
      },
    },
    ({ finding }) => finding !== null,
  );
  return { prediction, node, tried: results, made: results.find(({ finding }) => finding !== null) ?? null };
}

function isForetold({ type, detail }: Finding): boolean {
  return type === "hang" && detail !== undefined && "predicted" in detail && detail.predicted !== undefined;
}
