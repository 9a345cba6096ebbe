import { shorten } from "../../base/shorten.ts";
import { counted, formatTime } from "../../base/units.ts";
import type { Finding } from "../../journal/events.ts";
import type { RunRecord } from "../../journal/record.ts";
import { busySentence, foundSentence } from "../finding/capture-html.ts";
import { faultsBefore } from "../finding/faults-before.ts";
import { bullets, definitions } from "../html/lists.ts";
import { type Html, type HtmlContent, html } from "../html/markup.ts";
import { lossesText } from "../losses-text.ts";
import type { RunSummary } from "../run-summary.ts";
import { confidence, sinceText, verdictSentence } from "../verdict-text.ts";
import { healthWhile } from "./health-while.ts";
import { outageSentence } from "./load-html.ts";

const MOST_CHARS = 600;
const MOST_OTHERS = 5;

/** What a maintainer must see in ten seconds: what broke, since when, who holds what, and that it was not the harness. */
export function headHtml(record: RunRecord, summary: RunSummary): Html {
  const { run, verdict, findings } = summary;
  const [first] = verdict === "fail" ? findings : [];
  const lost = lossesText(summary.losses);
  return html`<p class="quiet">${run.title}</p>
<p><span class="verdict v-${verdict}">${verdict.toUpperCase()}</span>${first && tagsOf(first)}</p>
<h1>${shorten(verdictSentence(summary), MOST_CHARS)}</h1>
${first ? [factsHtml(record, summary, first), othersHtml(summary)] : otherReasons(summary)}${lost === null ? null : html`\n<p>${lost}</p>`}`;
}

/** What broke in two words, and how sure that is. */
function tagsOf(finding: Finding): Html {
  const where = finding.node === null ? "" : ` of ${finding.node}`;
  return html` <strong>${finding.type} (${finding.class})${where}</strong> <span class="tag t-bad">${confidence(finding)}</span>`;
}

const HANGS: readonly string[] = ["hang", "shutdown-hang"];

function factsHtml(record: RunRecord, summary: RunSummary, finding: Finding): Html {
  const { run, watchEnd } = summary;
  const hangs = HANGS.includes(finding.type);
  const proof = foundSentence(record, finding) ?? (hangs ? unprovedSentence(record, finding) : null);
  const evidence = proof && html`${shorten(proof, MOST_CHARS)} <a href="#finding-1">Evidence</a>`;
  const rows: [string, HtmlContent][] = [
    ["Since", sinceText(finding, watchEnd, run.startedAt)],
    [hangs ? "Who holds what" : "Proof", evidence],
    ["Done before it", shorten(faultsBefore(summary, finding), MOST_CHARS)],
    ["What clients saw", outageSentence(record)],
    ["Was it the harness?", healthWhile(record, finding.from, finding.to ?? watchEnd)],
  ];
  return definitions(rows, "facts");
}

function unprovedSentence(record: RunRecord, finding: Finding): string {
  const busy = busySentence(record, finding);
  const doing = busy === null ? "" : ` ${busy}.`;
  return `Observed, not proved: no thread was seen to wait for a lock, a thread or a link that would explain it.${doing}`;
}

function othersHtml({ findings }: RunSummary): HtmlContent {
  const others = findings.slice(1, 1 + MOST_OTHERS);
  if (others.length === 0) return null;
  const items = others.map(({ type, class: kind, node, from, consequenceOf }, i) => {
    const what = `${type} (${kind})${node === null ? "" : ` of ${node}`}`;
    const cause = consequenceOf === undefined ? "" : `, follows from ${consequenceOf}`;
    return html`<a href="#finding-${i + 2}">${what}</a>, since ${formatTime(from)}${cause}`;
  });
  const left = findings.length - 1 - others.length;
  const rest = left > 0 ? [`and ${counted(left, "more finding")} below`] : [];
  return html`<p>Also found:</p>${bullets([...items, ...rest], "others")}`;
}

function otherReasons({ reasons }: RunSummary): HtmlContent {
  return reasons.length < 2 ? null : bullets(reasons.slice(1, 50));
}
