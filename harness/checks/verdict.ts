import type { Verdict } from "../journal/events.ts";
import { occurrenceOf } from "../journal/plan.ts";
import type { RunRecord } from "../journal/record.ts";
import { byCause } from "./causes.ts";
import type { NamedResult } from "./run-checks.ts";

export interface Judgement {
  verdict: Extract<Verdict, "pass" | "fail" | "inconclusive">;
  /** One sentence each, the most important first; empty for a pass. */
  reasons: string[];
}

/**
 * The verdict over a run: a violated expectation outranks a doubt, a doubt outranks a pass.
 * Whether the run itself broke (`error`, `interrupted`) is for the runner to say.
 */
export function verdictOf(record: RunRecord, results: readonly NamedResult[]): Judgement {
  const healFailed = record.of("fault").filter((event) => event.step === "heal-failed");
  const failed = results.filter((result) => result.valid === false || result.findings.length > 0);
  // While a fault of ours is still in place, only a hang or a crash can be the server's doing.
  const certain = failed.filter(
    (result) => healFailed.length === 0 || result.findings.some(({ type }) => type === "hang" || type === "crash"),
  );
  if (certain.length > 0) {
    const findings = byCause(certain.flatMap((result) => result.findings));
    const bare = certain.filter((result) => result.findings.length === 0);
    const reasons = [
      ...findings.map(({ summary, consequenceOf }) =>
        consequenceOf ? `${summary} (follows from ${consequenceOf})` : summary,
      ),
      ...bare.map(({ name, why }) => `${name}: ${why ?? "violated"}`),
    ];
    return { verdict: "fail", reasons };
  }
  const reasons = [
    ...failed.map((result) => `${result.name} failed, but a fault could not be healed, so it may be our doing`),
    ...results
      .filter((result) => result.valid === "unknown")
      .map((result) => `${result.name}: ${result.why ?? "unknown"}`),
    ...starvation(record),
    ...faultDoubts(record),
    ...fullSyncDoubt(record),
  ];
  return { verdict: reasons.length > 0 ? "inconclusive" : "pass", reasons };
}

function starvation(record: RunRecord): string[] {
  const from = record.view.phase("chaos")?.from;
  if (from === undefined) return [];
  const to = (record.view.phase("recovery") ?? record.view.phase("heal") ?? record.view.phase("chaos"))?.to ?? from;
  const starved = record.view.tooStarved({ from, to });
  return starved === null ? [] : [`${starved} of chaos and recovery`];
}

/** An experiment about full syncs in which none took place says nothing. Those of the set-up, of empty masters, do not count. */
function fullSyncDoubt(record: RunRecord): string[] {
  const chaos = record.view.phase("chaos");
  if (record.plan?.experiment.fullSync !== "force" || !chaos) return [];
  const began = record.of("full-sync").some(({ t, step }) => step === "start" && t >= chaos.from);
  return began ? [] : ["no full sync began after the faults did, and the experiment is about full syncs"];
}

/** One reason per fault and kind of trouble, however often it occurred. */
function faultDoubts(record: RunRecord): string[] {
  const doubts = new Map<string, { ids: string[]; detail: string }>();
  for (const event of record.of("fault")) {
    const trouble = event.effect?.measured === false ? "had no measured effect" : TROUBLE.get(event.step);
    if (trouble === undefined) continue;
    const about = `fault ${occurrenceOf(event.id).fault} ${trouble}`;
    const text = event.effect?.measured === false ? event.effect.summary : event.detail;
    const known = doubts.get(about);
    if (known) known.ids.push(event.id);
    else doubts.set(about, { ids: [event.id], detail: text ? `: ${text}` : "" });
  }
  return [...doubts].map(([about, { ids, detail }]) => {
    const shown = `${ids.slice(0, 3).join(", ")}${ids.length > 3 ? ", …" : ""}`;
    return ids.length === 1 ? `${about}${detail}` : `${about} (${ids.length} times: ${shown})${detail}`;
  });
}

const TROUBLE: ReadonlyMap<string, string> = new Map([
  ["not-fired", "never fired"],
  ["inject-failed", "could not be injected"],
  ["heal-failed", "could not be healed"],
]);
