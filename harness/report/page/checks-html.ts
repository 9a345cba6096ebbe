import { counted } from "../../base/units.ts";
import { checks as knownChecks } from "../../checks/registry.ts";
import type { FaultOccurrence } from "../../journal/view/fault-occurrences.ts";
import { bullets } from "../html/lists.ts";
import { type Html, html } from "../html/markup.ts";
import { table } from "../html/table.ts";
import type { RunSummary } from "../run-summary.ts";

export function checksHtml({ checks }: RunSummary): Html {
  if (checks.length === 0) return html`<p>No check was run.</p>`;
  const rows = checks.map(({ name, valid, why, findings }) => {
    const [word, tone] = valid === true ? ["ok", "good"] : valid === false ? ["violated", "bad"] : ["unknown", "warn"];
    const what =
      why ?? (findings.length > 0 ? counted(findings.length, "finding") : (knownChecks.get(name)?.summary ?? ""));
    return [html`<code>${name}</code>`, html`<span class="tag t-${tone}">${word}</span>`, what];
  });
  return table(["Check", "Result", "Why"], rows, "checks");
}

/** What this run does not answer: a reader must not take silence for a pass. */
export function notCheckedHtml(summary: RunSummary): Html {
  const asked = new Set(summary.checks.map((check) => check.name));
  return bullets([
    ...[...knownChecks]
      // Who did not ask for the servers' locks does not miss it.
      .filter(([name]) => !asked.has(name) && (name !== "lock-order" || summary.foreseen !== null))
      .map(([name, { summary: what }]) => `Check "${name}" was not run: ${what}`),
    ...summary.checks
      .filter((check) => check.valid === "unknown")
      .map((check) => `Check "${check.name}" has no answer: ${check.why ?? "no reason given"}`),
    ...doubtfulFaults(summary.faults),
    ...(summary.self.starvedSeconds > 0
      ? [
          `The harness was starved for ${counted(summary.self.starvedSeconds, "second")}: what happened then was not judged.`,
        ]
      : []),
  ]);
}

const DOUBTS: readonly (readonly [what: string, is: (fault: FaultOccurrence) => boolean])[] = [
  ["never fired", ({ outcome }) => outcome === "not-fired"],
  ["could not be injected", ({ outcome }) => outcome === "inject-failed"],
  ["could not be healed", ({ outcome }) => outcome === "heal-failed"],
  ["had no measured effect", ({ effect }) => effect?.measured === false],
];

function doubtfulFaults(faults: readonly FaultOccurrence[]): string[] {
  return DOUBTS.flatMap(([what, is]) => {
    const ids = faults.filter(is).map(({ id }) => id);
    const named = `${ids.slice(0, 5).join(", ")}${ids.length > 5 ? ", …" : ""}`;
    return ids.length === 0 ? [] : [`${counted(ids.length, "fault")} ${what}: ${named}`];
  });
}
