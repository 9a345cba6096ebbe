import { escapeHtml } from "../../base/escape.ts";
import type { Finding } from "../../journal/events.ts";
import type { RunRecord } from "../../journal/record.ts";
import { lossesText } from "../losses-text.ts";
import type { RunSummary } from "../run-summary.ts";
import { healthWhile } from "../timeline/health-while.ts";
import { confidence, seconds, sinceText, times, verdictSentence } from "../wording.ts";
import { busySentence, foundSentence } from "./capture-html.ts";
import { outageSentence } from "./clients-html.ts";
import { doings } from "./done-to-cluster.ts";

const MOST_CHARS = 600;
const MOST_OTHERS = 5;

/** What a maintainer must see in ten seconds: what broke, since when, who holds what, and that it was not the harness. */
export function headHtml(record: RunRecord, summary: RunSummary): string {
  const { run, verdict, findings } = summary;
  const [first] = verdict === "fail" ? findings : [];
  const lost = lossesText(summary.losses);
  return `<p class="quiet">${escapeHtml(run.title)}</p>
<p><span class="verdict v-${verdict}">${verdict.toUpperCase()}</span>${first ? kindOf(first) : ""}</p>
<h1>${escapeHtml(shorten(verdictSentence(summary)))}</h1>
${first ? `${factsHtml(record, summary, first)}${othersHtml(summary)}` : otherReasons(summary)}${lost === null ? "" : `\n<p>${escapeHtml(lost)}</p>`}`;
}

/** What broke in two words, and how sure that is. */
function kindOf(finding: Finding): string {
  const where = finding.node === null ? "" : ` of ${finding.node}`;
  return ` <strong>${escapeHtml(`${finding.type} (${finding.class})${where}`)}</strong> <span class="tag t-bad">${confidence(finding)}</span>`;
}

const HANGS: readonly string[] = ["hang", "shutdown-hang"];

function factsHtml(record: RunRecord, summary: RunSummary, finding: Finding): string {
  const { run, watchEnd } = summary;
  const found = foundSentence(record, finding);
  const name = HANGS.includes(finding.type) ? "Who holds what" : "Proof";
  const none = HANGS.includes(finding.type) ? unprovedSentence(record, finding) : null;
  const proof = found ?? none;
  const rows: [string, string][] = [
    ["Since", escapeHtml(sinceText(finding, watchEnd, run.startedAt))],
    ...(proof === null
      ? []
      : ([[name, `${escapeHtml(shorten(proof))} <a href="#finding-1">Evidence</a>`]] as [string, string][])),
    ["Done before it", escapeHtml(shorten(doings(summary, finding)))],
    ...clientsRow(record),
    ["Was it the harness?", escapeHtml(healthWhile(record, finding.from, finding.to ?? watchEnd))],
  ];
  return `<dl class="facts">${rows.map(([term, text]) => `<dt>${term}</dt><dd>${text}</dd>`).join("")}</dl>`;
}

function clientsRow(record: RunRecord): [string, string][] {
  const outage = outageSentence(record);
  return outage === null ? [] : [["What clients saw", escapeHtml(outage)]];
}

function unprovedSentence(record: RunRecord, finding: Finding): string {
  const busy = busySentence(record, finding);
  const doing = busy === null ? "" : ` ${busy}.`;
  return `Observed, not proved: no thread was seen to wait for a lock, a thread or a link that would explain it.${doing}`;
}

function othersHtml({ findings }: RunSummary): string {
  const others = findings.slice(1, 1 + MOST_OTHERS);
  if (others.length === 0) return "";
  const items = others.map(
    ({ type, class: kind, node, from, consequenceOf }, i) =>
      `<li><a href="#finding-${i + 2}">${escapeHtml(`${type} (${kind})${node === null ? "" : ` of ${node}`}`)}</a>, since ${seconds(from)}${consequenceOf === undefined ? "" : `, follows from ${escapeHtml(consequenceOf)}`}</li>`,
  );
  const left = findings.length - 1 - others.length;
  return `<p>Also found:</p><ul class="others">${items.join("")}${left > 0 ? `<li>and ${times(left, "more finding")} below</li>` : ""}</ul>`;
}

function otherReasons({ reasons }: RunSummary): string {
  if (reasons.length < 2) return "";
  return `<ul>${reasons
    .slice(1, 50)
    .map((reason) => `<li>${escapeHtml(reason)}</li>`)
    .join("")}</ul>`;
}

function shorten(text: string): string {
  return text.length > MOST_CHARS ? `${text.slice(0, MOST_CHARS)}…` : text;
}
