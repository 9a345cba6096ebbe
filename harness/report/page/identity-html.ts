import { stringify } from "yaml";
import { escapeHtml } from "../../base/escape.ts";
import { formatDurations, type Range } from "../../base/units.ts";
import type { RunRecord } from "../../journal/record.ts";
import { scriptOf } from "../repro-script.ts";
import type { RunSummary } from "../run-summary.ts";
import { timeToFinding } from "../time-to-finding.ts";
import { replayCommand, seconds, times } from "../wording.ts";

/** Which server, which harness, which machine: what a maintainer asks first. */
export function identityHtml(summary: RunSummary): string {
  const { run, serverVersion, nodes, end } = summary;
  const shape = nodes.map((node) => `${node.name} (${node.role})`).join(", ");
  const host = run.host as Record<string, unknown>;
  const machine = [host.cpu, host.cores && `${host.cores} cores`, host.kernel && `kernel ${host.kernel}`]
    .filter(Boolean)
    .map(String);
  const rows = [
    ["Server", `${run.system} ${serverVersion ?? "(version unknown)"}`],
    ["Image", run.image],
    ["Digest", run.digest ?? "unknown: the image is not from a registry"],
    ["Nodes", shape || "none came up"],
    ["Run", `${run.startedAt}, ${seconds(end)}, seed ${run.seed}, id ${run.runId}`],
    ["kvchaos", run.kvchaos],
    ["Host", machine.join(", ") || "unknown"],
    ...(run.issue ? [["Issue", run.issue]] : []),
    ...(run.why ? [["Why it should fail", run.why]] : []),
    ...(run.timeToFinding ? [["Time to the finding", timeText(summary, run.timeToFinding)]] : []),
  ].map(([name, value]) => `<dt>${escapeHtml(name ?? "")}</dt><dd>${escapeHtml(value ?? "")}</dd>`);
  return `<dl>${rows.join("")}</dl>\n${environmentHtml(summary)}`;
}

/** What is typical, and what it took here. */
function timeText(summary: RunSummary, typical: Range): string {
  const chaos = summary.phases.find(({ phase }) => phase === "chaos");
  const here = timeToFinding(chaos?.from, summary.findings);
  return `typically ${formatDurations(typical)} of chaos; ${here === null ? "nothing was found here" : `here ${seconds(here)}`}`;
}

function environmentHtml({ run, nodes, links }: RunSummary): string {
  const nodeRows = nodes.map(
    ({ name, role, image, version, digest }) =>
      `<tr><td>${escapeHtml(name)}</td><td>${escapeHtml(role)}</td><td>${escapeHtml(image)}</td><td>${escapeHtml(version ?? "unknown")}</td><td>${escapeHtml(digest ?? "")}</td></tr>`,
  );
  const linkItems = links.map(({ name, address }) => `<li>${escapeHtml(`${name} by way of ${address}`)}</li>`);
  return `<details><summary>Environment: ${times(nodes.length, "node")}, ${escapeHtml(times(links.length, "link"))} through Toxiproxy, host</summary><div class="scroll" tabindex="0" role="region" aria-label="Nodes"><table><thead><tr><th>Node</th><th>Role at the start</th><th>Image</th><th>Version</th><th>Digest</th></tr></thead><tbody>${nodeRows.join("")}</tbody></table></div>
<ul>${linkItems.join("")}</ul>
<pre tabindex="0">${escapeHtml(stringify(run.host))}</pre></details>`;
}

/** What to type to see it again: with kvchaos, and without it. */
export function againHtml(record: RunRecord, summary: RunSummary): string {
  const script = scriptOf(record, summary);
  const alone =
    "why" in script
      ? `<p class="quiet">There is no script that does without kvchaos: ${escapeHtml(script.why)}.</p>`
      : `<details><summary>Without kvchaos: a script that needs bash, docker and curl (repro.sh, beside this report)</summary><pre tabindex="0">${escapeHtml(script.text)}</pre></details>`;
  return `<p class="quiet">In the root of the kvchaos repository, on a machine with Docker: the same experiment, the same faults at the same moments.</p><pre>${escapeHtml(replayCommand(summary))}</pre>\n${alone}`;
}
