import { stringify } from "yaml";
import { escapeHtml } from "../../base/escape.ts";
import { checks as knownChecks } from "../../checks/registry.ts";
import type { RunRecord } from "../../journal/record.ts";
import { pollingText } from "../polling-text.ts";
import type { RunSummary } from "../run-summary.ts";
import { grouped, notChecked, seconds, times, withoutRoot } from "../wording.ts";
import { coverText } from "./probe-cover-text.ts";

const MOST_PLAN_CHARS = 200_000;

export function checksHtml({ checks }: RunSummary): string {
  if (checks.length === 0) return "<p>No check was run.</p>";
  const rows = checks.map(({ name, valid, why, findings }) => {
    const [word, tone] = valid === true ? ["ok", "good"] : valid === false ? ["violated", "bad"] : ["unknown", "warn"];
    const what =
      why ?? (findings.length > 0 ? times(findings.length, "finding") : (knownChecks.get(name)?.summary ?? ""));
    return `<tr><td><code>${escapeHtml(name)}</code></td><td><span class="tag t-${tone}">${word}</span></td><td>${escapeHtml(what)}</td></tr>`;
  });
  return `<table class="checks"><thead><tr><th>Check</th><th>Result</th><th>Why</th></tr></thead><tbody>${rows.join("")}</tbody></table>`;
}

export function loadHtml({ loads }: RunSummary): string {
  if (loads.length === 0) return "<p>There was no load.</p>";
  const rows = loads.map(({ load, ok, fail, info, errors }) => {
    const shown = Object.entries(errors).slice(0, 8);
    const text = shown.map(([name, count]) => `${name} × ${grouped(count)}`).join(", ");
    return `<tr><td>${escapeHtml(load)}</td><td class="n">${grouped(ok)}</td><td class="n">${grouped(fail)}</td><td class="n">${grouped(info)}</td><td>${escapeHtml(text)}</td></tr>`;
  });
  return `<div class="scroll" tabindex="0" role="region" aria-label="Load totals"><table><thead><tr><th>Load</th><th class="n">ok</th><th class="n">failed</th><th class="n">unknown outcome</th><th>Errors</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}

export function planHtml({ run }: RunSummary): string {
  const text = withoutRoot(run, stringify(run.plan, { lineWidth: 0 }));
  const cut =
    text.length > MOST_PLAN_CHARS
      ? `\n… truncated: ${MOST_PLAN_CHARS} of ${text.length} characters; the whole is in plan.yaml`
      : "";
  return `<details><summary>The resolved plan: every default filled in, every random choice made</summary><pre tabindex="0">${escapeHtml(text.slice(0, MOST_PLAN_CHARS) + cut)}</pre></details>`;
}

export function selfHtml(record: RunRecord, { self, notes, nodes, end }: RunSummary): string {
  const rows: [string, string][] = [
    ["Starved", `${self.starvedSeconds} of ${times(self.seconds, "second")}`],
    [
      "Worst event-loop delay",
      `main thread ${Math.round(self.worstMainDelay)} ms, probe thread ${Math.round(self.worstProbeDelay)} ms`,
    ],
    ["Slowest control probe", self.worstControl === null ? "not measured" : `${Math.round(self.worstControl)} ms`],
    [
      "Highest CPU pressure",
      self.worstCpuPressure === null ? "this kernel does not tell" : `${Math.round(self.worstCpuPressure)} %`,
    ],
  ];
  const polling = pollingText(record);
  if (polling !== null) rows.push(["Watching", polling]);
  for (const { name } of nodes) {
    const cover = coverText(record, name, end);
    if (cover !== null) rows.push([`Probes of ${name}`, cover]);
  }
  const list = notes
    .slice(0, 200)
    .map((note) => `<li>${escapeHtml(`${seconds(note.t)}, ${note.about}: ${note.text}`)}</li>`);
  const more = notes.length > list.length ? ` (truncated: ${list.length} of ${notes.length})` : "";
  return `<dl>${rows.map(([name, value]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>`).join("")}</dl>${
    list.length === 0 ? "" : `<details><summary>Notes${more}</summary><ul>${list.join("")}</ul></details>`
  }`;
}

export function notCheckedHtml(summary: RunSummary): string {
  const items = notChecked(summary, knownChecks).map((line) => `<li>${escapeHtml(line)}</li>`);
  return `<ul>${items.join("")}</ul>`;
}
