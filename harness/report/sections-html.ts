import { stringify } from "yaml";
import { checks as knownChecks } from "../checks/registry.ts";
import type { RunRecord } from "../journal/record.ts";
import { coverText } from "./cover-text.ts";
import { escapeHtml } from "./escape.ts";
import { pollingText } from "./polling-text.ts";
import type { RunSummary } from "./run-summary.ts";
import { grouped, notChecked, replayCommand, seconds, times, withoutRoot } from "./wording.ts";

const MOST_PLAN_CHARS = 200_000;

/** Which server, which harness, which machine: what a maintainer asks first. */
export function identityHtml(summary: RunSummary): string {
  const { run, serverVersion, nodes, end } = summary;
  const shape = nodes.map((node) => `${node.name} (${node.role})`).join(", ");
  const host = run.host as Record<string, unknown>;
  const machine = [host.cpu, host.cores && `${host.cores} cores`, host.kernel && `kernel ${host.kernel}`]
    .filter(Boolean)
    .map(String);
  return `<dl>${[
    ["Server", `${run.system} ${serverVersion ?? "(version unknown)"}`],
    ["Image", run.image],
    ["Digest", run.digest ?? "unknown: the image is not from a registry"],
    ["Nodes", shape || "none came up"],
    ["Run", `${run.startedAt}, ${seconds(end)}, seed ${run.seed}, id ${run.runId}`],
    ["kvchaos", run.kvchaos],
    ["Host", machine.join(", ") || "unknown"],
    ...(run.issue ? [["Issue", run.issue]] : []),
  ]
    .map(([name, value]) => `<dt>${escapeHtml(name ?? "")}</dt><dd>${escapeHtml(value ?? "")}</dd>`)
    .join(
      "",
    )}</dl><h2>See it yourself</h2><p class="quiet">In the root of the kvchaos repository, on a machine with Docker: the same experiment, the same faults at the same moments.</p><pre>${escapeHtml(replayCommand(summary))}</pre>`;
}

export function checksHtml({ checks }: RunSummary): string {
  if (checks.length === 0) return "<p>No check was run.</p>";
  const rows = checks.map(({ name, valid, why, findings }) => {
    const [word, tone] = valid === true ? ["ok", "good"] : valid === false ? ["violated", "bad"] : ["unknown", "warn"];
    const what =
      why ?? (findings.length > 0 ? times(findings.length, "finding") : (knownChecks.get(name)?.summary ?? ""));
    return `<tr><td><code>${escapeHtml(name)}</code></td><td><span class="tag t-${tone}">${word}</span></td><td>${escapeHtml(what)}</td></tr>`;
  });
  return `<table><thead><tr><th>Check</th><th>Result</th><th>Why</th></tr></thead><tbody>${rows.join("")}</tbody></table>`;
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
  return `<details><summary>The resolved plan: every default filled in, every random choice made</summary><pre>${escapeHtml(text.slice(0, MOST_PLAN_CHARS) + cut)}</pre></details>`;
}

export function environmentHtml({ run, nodes, links }: RunSummary): string {
  const nodeRows = nodes.map(
    ({ name, role, image, version, digest }) =>
      `<tr><td>${escapeHtml(name)}</td><td>${escapeHtml(role)}</td><td>${escapeHtml(image)}</td><td>${escapeHtml(version ?? "unknown")}</td><td>${escapeHtml(digest ?? "")}</td></tr>`,
  );
  const linkItems = links.map(({ name, address }) => `<li>${escapeHtml(`${name} by way of ${address}`)}</li>`);
  return `<div class="scroll" tabindex="0" role="region" aria-label="Nodes"><table><thead><tr><th>Node</th><th>Role at the start</th><th>Image</th><th>Version</th><th>Digest</th></tr></thead><tbody>${nodeRows.join("")}</tbody></table></div>
<details><summary>${escapeHtml(times(links.length, "link"))} through Toxiproxy</summary><ul>${linkItems.join("")}</ul></details>
<details><summary>Host</summary><pre>${escapeHtml(stringify(run.host))}</pre></details>`;
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
