import { counted } from "../../base/units.ts";
import { checks as knownChecks } from "../../checks/registry.ts";
import { bullets } from "../html/lists.ts";
import { type Html, html } from "../html/markup.ts";
import { table } from "../html/table.ts";
import type { RunSummary } from "../run-summary.ts";
import { notChecked } from "../verdict-text.ts";

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

export function notCheckedHtml(summary: RunSummary): Html {
  return bullets(notChecked(summary, knownChecks));
}
