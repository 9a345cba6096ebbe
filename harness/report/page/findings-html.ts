import { escapeHtml } from "../../base/escape.ts";
import { labelOf } from "../../checks/causes.ts";
import type { EventOf, Finding } from "../../journal/events.ts";
import type { RunRecord } from "../../journal/record.ts";
import { infoTable } from "../info-table.ts";
import { keyLifeHtml } from "../key-life/html.ts";
import type { RunFiles } from "../run-files.ts";
import type { RunSummary } from "../run-summary.ts";
import { confidence, grouped, meaningOf, spanText, times } from "../wording.ts";
import { capturesHtml, capturesOf } from "./capture-html.ts";
import { doings } from "./done-to-cluster.ts";
import { logWindowHtml } from "./log-window.ts";
import { coverText } from "./probe-cover-text.ts";

const MOST_FINDINGS = 40;
/** Closer together than this, two findings of a node have the same log lines around them. */
const SAME_MS = 5000;
const MOST_CHARS = 4000;

/** Every finding with what proves it and where the evidence lies. The first ones get what room there is in `files`. */
export async function findingsHtml(record: RunRecord, summary: RunSummary, files: RunFiles): Promise<string> {
  const parts: string[] = [];
  for (const [i, finding] of summary.findings.slice(0, MOST_FINDINGS).entries())
    parts.push(await findingHtml(record, summary, finding, i + 1, files));
  if (summary.findings.length > parts.length)
    parts.push(`<p>truncated: ${parts.length} of ${summary.findings.length} findings; result.json has all.</p>`);
  return parts.join("\n");
}

async function findingHtml(
  record: RunRecord,
  run: RunSummary,
  finding: Finding,
  number: number,
  files: RunFiles,
): Promise<string> {
  const { type, class: kind, node, from, to, summary, proof } = finding;
  const sure = confidence(finding);
  const meaning = meaningOf(type);
  const before = run.findings.slice(0, number - 1).findIndex((other) => sameMoment(record, other, finding));
  const html = [
    `<article class="finding" id="finding-${number}">`,
    `<h3>${number}. ${escapeHtml(`${type}: ${kind}`)} on ${escapeHtml(node ?? "the cluster")} <span class="tag t-bad">${sure}</span></h3>`,
    meaning === null ? "" : `<p class="quiet">${escapeHtml(`${type}: ${meaning}.`)}</p>`,
    `<p>${escapeHtml(summary)}</p>`,
    finding.consequenceOf === undefined
      ? ""
      : `<p><strong>Follows from ${escapeHtml(finding.consequenceOf)}</strong>${causeLink(run, finding)}: mend that first.</p>`,
    observed(finding),
    proof === null ? "" : `<p class="proof"><strong>Proof.</strong> ${escapeHtml(shorten(proof))}</p>`,
    `<dl>${row("When", spanText(from, to, run.watchEnd))}${connections(finding)}${row("Probes", coverText(record, node, from))}${row("What the watchdog saw", text(finding.detail?.why))}${row("Observed", text(finding.detail?.observed))}${row("Who answered", answeringText(finding))}${row("Core", text(finding.detail?.core))}${row("What was done to the cluster", doings(run, finding))}</dl>`,
    differences(finding),
    keyLifeHtml(finding),
    before === -1
      ? await ownEvidence(record, run, finding, files)
      : `<p>The threads, sockets and log of ${escapeHtml(node ?? "")} at that moment: see <a href="#finding-${before + 1}">finding ${before + 1}</a>.</p>`,
    fileList(finding),
    "</article>",
  ].join("\n");
  // Regions of the same name in several findings could not be told apart by whoever hears them.
  return html.replace(/role="region" aria-label="([^"]*)"/g, `role="region" aria-label="$1, finding ${number}"`);
}

function causeLink({ findings }: RunSummary, { consequenceOf }: Finding): string {
  const cause = findings.findIndex((one) => one.consequenceOf === undefined && labelOf(one) === consequenceOf);
  return cause === -1 ? "" : ` (<a href="#finding-${cause + 1}">finding ${cause + 1}</a>)`;
}

/** What somebody said, which shows that he says so and proves no more. */
function observed({ detail }: Finding): string {
  const said = text(detail?.observed);
  return said === null ? "" : `<p class="proof"><strong>Observed.</strong> ${escapeHtml(said)}</p>`;
}

async function ownEvidence(record: RunRecord, run: RunSummary, finding: Finding, files: RunFiles): Promise<string> {
  return [
    await capturesHtml(record, finding, files),
    await logWindowHtml(record, run, finding, files),
    infoTable(record, run, finding),
  ].join("\n");
}

/** Two findings about the same trouble, such as a hung node and the command that it never answered: shown once. */
function sameMoment(record: RunRecord, a: Finding, b: Finding): boolean {
  if (a.node === null || a.node !== b.node || Math.abs(a.from - b.from) > SAME_MS) return false;
  return capturesOf(record, a)[0] === capturesOf(record, b)[0];
}

function connections({ detail }: Finding): string {
  const { silent, of } = detail ?? {};
  return typeof silent === "number" && typeof of === "number" ? row("Silent connections", `${silent} of ${of}`) : "";
}

/** Class of command by class of command (checks/hang/still-answering.ts). */
function answeringText({ detail }: Finding): string | null {
  const { text: said } = (detail?.answering ?? {}) as { text?: unknown };
  return text(said);
}

function differences({ detail }: Finding): string {
  const list = detail?.differences as EventOf<"comparison">["differences"] | undefined;
  if (!Array.isArray(list) || list.length === 0) return "";
  const total = typeof detail?.different === "number" ? detail.different : list.length;
  const cell = (value: string | null) =>
    value === null ? '<span class="quiet">no such key</span>' : `<code>${escapeHtml(value)}</code>`;
  const rows = list.map(
    ({ key, kind, master, replica }) =>
      `<tr><td><code>${escapeHtml(key)}</code></td><td>${escapeHtml(kind)}</td><td>${cell(master)}</td><td>${cell(replica)}</td></tr>`,
  );
  return `<h4>Differing keys: ${list.length} of ${grouped(total)}</h4><div class="scroll" tabindex="0" role="region" aria-label="Differing keys"><table><thead><tr><th>Key</th><th>Kind</th><th>Master</th><th>Replica</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}

function fileList({ evidence }: Finding): string {
  if (evidence.length === 0) return "";
  const links = evidence.map((file) => `<li><a href="${escapeHtml(relativeLink(file))}">${escapeHtml(file)}</a></li>`);
  return `<details><summary>${times(links.length, "file")} beside this report</summary><ul>${links.join("")}</ul></details>`;
}

/** A path below the run's folder, never a scheme or a path out of it. */
function relativeLink(file: string): string {
  const parts = file.split("/").filter((part) => part !== "" && part !== "." && part !== "..");
  return `./${parts.map(encodeURIComponent).join("/")}`;
}

function row(name: string, value: string | null): string {
  return value === null || value === "" ? "" : `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>`;
}

function text(value: unknown): string | null {
  return typeof value === "string" ? shorten(value) : null;
}

function shorten(value: string): string {
  return value.length > MOST_CHARS
    ? `${value.slice(0, MOST_CHARS)}… (truncated: ${MOST_CHARS} of ${value.length} characters)`
    : value;
}
