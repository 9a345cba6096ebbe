import type { EventOf } from "../../journal/events.ts";
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
  /** Its id. */
  run: string;
  /** Pauses that began. */
  pauses: number;
  /** ms between the sides when they came closest; null: not known. */
  closest: number | null;
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
      run: async (attempt, unneeded): Promise<Tried> => {
        const { directory, findings, record: own } = await run(attempt, unneeded);
        const finding = findings.find(isForetold) ?? null;
        const pauses = own.of("thread-pause").reduce((sum, { pauses: count }) => sum + count, 0);
        const again = own.view.foreseen?.deadlocks.find((one) => one.prediction.signature === prediction.signature);
        const closest = again?.prediction.gap ?? null;
        return { attempt, directory, run: own.first("run")?.runId ?? "", finding, pauses, closest };
      },
    },
    ({ finding }) => finding !== null,
  );
  return { prediction, node, tried: results, made: results.find(({ finding }) => finding !== null) ?? null };
}

/** As the journal of the run that foretold it keeps it. */
export function fateOf({
  prediction: { signature },
  node,
  tried,
  made,
}: Confirmation): Omit<EventOf<"confirmation">, "t"> {
  const known = tried.flatMap(({ closest }) => closest ?? []);
  return {
    type: "confirmation",
    node,
    signature,
    tries: tried.length,
    pauses: tried.reduce((sum, { pauses }) => sum + pauses, 0),
    closest: known.length === 0 ? null : Math.min(...known),
    made: made === null ? null : { run: made.run, pause: made.finding?.detail?.predicted?.pause ?? "" },
  };
}

function isForetold({ type, detail }: Finding): boolean {
  return type === "hang" && detail !== undefined && "predicted" in detail && detail.predicted !== undefined;
}
