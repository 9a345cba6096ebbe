import { stringify } from "yaml";
import { counted, formatCount, formatTime } from "../../base/units.ts";
import { checks as knownChecks } from "../../checks/registry.ts";
import type { RunRecord } from "../../journal/record.ts";
import { coverText } from "../finding/probe-cover-text.ts";
import { bullets, definitions, folded, truncatedNote, verbatim } from "../html/lists.ts";
import { type Html, type HtmlContent, html } from "../html/markup.ts";
import { numbers, scrolling, table } from "../html/table.ts";
import { withoutRoot } from "../replay-command.ts";
import type { RunSummary } from "../run-summary.ts";
import { notChecked } from "../verdict-text.ts";
import { pollingText } from "./polling-text.ts";

const MOST_PLAN_CHARS = 200_000;
const MOST_NOTES = 200;

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

export function loadHtml({ loads }: RunSummary): Html {
  if (loads.length === 0) return html`<p>There was no load.</p>`;
  const rows = loads.map(({ load, ok, fail, info, errors }) => {
    const shown = Object.entries(errors).slice(0, 8);
    const text = shown.map(([name, count]) => `${name} × ${formatCount(count)}`).join(", ");
    return [load, formatCount(ok), formatCount(fail), formatCount(info), text];
  });
  const columns = ["Load", numbers("ok"), numbers("failed"), numbers("unknown outcome"), "Errors"];
  return scrolling("Load totals", table(columns, rows));
}

export function planHtml({ run }: RunSummary): Html {
  const text = withoutRoot(run, stringify(run.plan, { lineWidth: 0 }));
  const note = `\n… truncated: ${MOST_PLAN_CHARS} of ${text.length} characters; the whole is in plan.yaml`;
  const shown = text.length > MOST_PLAN_CHARS ? text.slice(0, MOST_PLAN_CHARS) + note : text;
  return folded("The resolved plan: every default filled in, every random choice made", verbatim(shown));
}

export function selfHtml(record: RunRecord, { self, notes, nodes, end }: RunSummary): Html {
  const { starvedSeconds, worstMainDelay, worstProbeDelay, worstControl, worstCpuPressure } = self;
  const rows: [string, HtmlContent][] = [
    ["Starved", `${starvedSeconds} of ${counted(self.seconds, "second")}`],
    [
      "Worst event-loop delay",
      `main thread ${Math.round(worstMainDelay)} ms, probe thread ${Math.round(worstProbeDelay)} ms`,
    ],
    ["Slowest control probe", worstControl === null ? "not measured" : `${Math.round(worstControl)} ms`],
    [
      "Highest CPU pressure",
      worstCpuPressure === null ? "this kernel does not tell" : `${Math.round(worstCpuPressure)} %`,
    ],
    ["Watching", pollingText(record)],
    ...nodes.map(({ name }): [string, HtmlContent] => [`Probes of ${name}`, coverText(record, name, end)]),
  ];
  const shown = notes.slice(0, MOST_NOTES).map((note) => `${formatTime(note.t)}, ${note.about}: ${note.text}`);
  const summary = `Notes${truncatedNote(shown.length, notes.length)}`;
  return html`${definitions(rows)}${shown.length > 0 && folded(summary, bullets(shown))}`;
}

export function notCheckedHtml(summary: RunSummary): Html {
  return bullets(notChecked(summary, knownChecks));
}
