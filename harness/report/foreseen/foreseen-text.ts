import { shorten } from "../../base/shorten.ts";
import { counted, formatSeconds } from "../../base/units.ts";
import type { Finding } from "../../journal/finding.ts";
import type { LockPlace, NamedLockUse } from "../../journal/prediction.ts";
import type { ForeseenDeadlock } from "../../journal/view/foreseen.ts";
import { explain } from "../../locks/predict/explain.ts";
import { offsetIn, placeOf } from "../../locks/predict/places.ts";
import type { RunSummary } from "../run-summary.ts";

/** A function's name can have thousands of characters. */
const MOST_CHARS = 3000;
const MOST_USES = 10;
const MOST_FRAMES = 12;

/** What a deadlock that did not happen consists of, in two or three sentences, and what became of it. */
export function sentenceOf({ prediction, fate }: Pick<ForeseenDeadlock, "prediction" | "fate">): string {
  const sentence = shorten(explain(prediction), MOST_CHARS);
  return fate === null ? sentence : `${sentence} ${fateText(fate)}`;
}

/** "Made real in try 2, with a pause of 2.5 s before … (run …)." */
export function fateText({ made, tries, pauses, closest }: NonNullable<ForeseenDeadlock["fate"]>): string {
  if (made) return `Made real in try ${tries}, with ${made.pause} (run ${made.run}).`;
  const near = closest === null ? "" : `; the sides came as close as ${formatSeconds(closest)}`;
  return `Not made real in ${tries} ${tries === 1 ? "try" : "tries"} with ${counted(pauses, "pause")}${near}.`;
}

/** Has it happened in this run? */
export function isReal({ findings }: Pick<RunSummary, "findings">, { prediction }: ForeseenDeadlock): boolean {
  return findings.some(({ detail }) => detail?.predicted?.signature === prediction.signature);
}

/** Those that are news, and those that the experiment knows; none where nobody asked. What has happened is a finding. */
export function foreseenOnes(summary: Pick<RunSummary, "foreseen" | "findings">) {
  const all = (summary.foreseen?.deadlocks ?? []).filter((one) => !isReal(summary, one));
  return { news: all.filter(({ known }) => known === null), known: all.filter(({ known }) => known !== null) };
}

/** Those of the news that are told as warnings: no check made findings of them, and no earlier run has told them. */
export function warningsOf(summary: Pick<RunSummary, "foreseen" | "findings">): ForeseenDeadlock[] {
  if (summary.foreseen !== null && summary.foreseen.confirms !== null) return [];
  const found = new Set(summary.findings.map(({ detail }) => detail?.signature));
  return foreseenOnes(summary).news.filter(({ prediction }) => !found.has(prediction.signature));
}

/** "2 predictions: deadlocks that did not happen" */
export function countText(count: number): string {
  return `${counted(count, "prediction")}: ${count === 1 ? "a deadlock" : "deadlocks"} that did not happen`;
}

/** "1 prediction that the experiment knows"; null: there is none. */
export function knownText(summary: Pick<RunSummary, "foreseen" | "findings">): string | null {
  const { length } = foreseenOnes(summary).known;
  return length === 0 ? null : `${counted(length, "prediction")} that the experiment knows`;
}

/** Of a hang that an earlier run has foreseen; null: it is none. */
export function predictedText({ detail }: Pick<Finding, "detail">): string | null {
  const predicted = detail?.predicted;
  if (!predicted) return null;
  const { run, signature, pause } = predicted;
  return `Predicted by run ${run} (${signature}); made real with ${pause}.`;
}

/** Where each side takes what, and where it was when it wanted more: one line each. */
export function placeLines({ prediction }: Pick<ForeseenDeadlock, "prediction">): string[] {
  return [...prediction.sides, ...prediction.writers].flatMap(({ thread, holds, wants, stack }) => [
    thread,
    ...holds.slice(0, MOST_USES).map((use) => useLine("holds", use)),
    useLine(wants.kind === "thread" ? "waits for" : "wants", wants),
    ...stack.slice(0, MOST_FRAMES).map((frame, i) => `    #${i} ${frame}`),
  ]);
}

function useLine(does: string, use: NamedLockUse): string {
  const { lock, kind, mode, site, caller } = use;
  const by = caller === null ? "" : `, called by ${placeOf(use)}`;
  return `  ${does} ${lock}${kind === "rwlock" ? ` (${mode})` : ""} in ${site.function ?? "?"}${by}, ${sourceOf(use)}`;
}

/** "storage.cc:120"; or where in the file, for addr2line. */
export function sourceOf({ site, caller }: LockPlace): string {
  const own = caller ?? site;
  return own.source ?? offsetIn(own);
}
