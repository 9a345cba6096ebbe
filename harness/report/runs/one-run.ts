import { formatTime } from "../../base/units.ts";
import { kindOf } from "../../journal/finding.ts";
import { type Html, html } from "../html/markup.ts";
import type { ListedRun } from "./run-list.ts";

/** A letter in a box: told apart without colour. */
export const LETTERS: Record<ListedRun["verdict"], string> = {
  pass: "P",
  fail: "F",
  inconclusive: "?",
  error: "E",
  interrupted: "–",
};

export const LEGEND: readonly Html[] = Object.keys(LETTERS).map((verdict, i) => {
  return html`${i > 0 && ", "}${letterOf({ verdict: verdict as ListedRun["verdict"] })} ${verdict}`;
});

/** The letter of its verdict. */
export function letterOf({ verdict }: Pick<ListedRun, "verdict">): Html {
  return html`<span class="run v-${verdict}">${LETTERS[verdict]}</span>`;
}

/** A run whose report is gone is shown without a link. */
export function linked({ folder, hasReport }: ListedRun, shown: Html, title?: string): Html {
  const tip = title !== undefined && html` title="${title}" aria-label="${title}"`;
  if (!hasReport) return tip ? html`<span role="img"${tip}>${shown}</span>` : shown;
  return html`<a href="./${encodeURIComponent(folder)}/report.html"${tip}>${shown}</a>`;
}

/** "fail, 2025-01-01 12:00, 41 s, seed 7, hang/deadlocked" */
export function wordsOf(run: ListedRun): string {
  const { verdict, startedAt, durationMs, seed } = run;
  const parts = [verdict, day(startedAt), formatTime(durationMs), `seed ${seed}`, kindsOf(run, 6)];
  return parts.filter((part) => part !== "").join(", ");
}

/** "hang/deadlocked, crash/exit" */
export function kindsOf({ findings }: ListedRun, most: number): string {
  return [...new Set(findings.map(kindOf))].slice(0, most).join(", ");
}

/** "2025-01-01 12:00" */
export function day(startedAt: string): string {
  return startedAt.slice(0, 16).replace("T", " ");
}
