import { shorten } from "../../base/shorten.ts";
import { covered, type Span } from "../../base/span.ts";
import { counted, formatTime } from "../../base/units.ts";
import type { EventOf, Finding } from "../../journal/events.ts";
import type { RunRecord } from "../../journal/record.ts";
import { faultsBefore } from "../fault-words.ts";
import { busySentence, foundSentence } from "../finding/capture-html.ts";
import { countText, predictedText, warningsOf } from "../foreseen/foreseen-text.ts";
import { bullets, definitions } from "../html/lists.ts";
import { type Html, type HtmlContent, html } from "../html/markup.ts";
import { lossesText } from "../losses-text.ts";
import type { RunSummary } from "../run-summary.ts";
import { confidence, sinceText, verdictSentence } from "../verdict-text.ts";
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
${first ? [factsHtml(record, summary, first), othersHtml(summary)] : summary.reasons.length > 1 && bullets(summary.reasons.slice(1, 50))}${lost === null ? null : html`\n<p>${lost}</p>`}${foreseenLine(summary)}`;
}

function foreseenLine(summary: RunSummary): HtmlContent {
  const { length } = warningsOf(summary);
  return length > 0 && html`\n<p><a href="#foreseen">${countText(length)}</a>.</p>`;
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
    ["Foreseen", predictedLine(finding)],
    ["Done before it", shorten(faultsBefore(summary, finding), MOST_CHARS)],
    ["What clients saw", outageSentence(record)],
    ["Was it the harness?", healthWhile(record, finding.from, finding.to ?? watchEnd)],
  ];
  return definitions(rows, "facts");
}

function predictedLine(finding: Finding): string | null {
  const text = predictedText(finding);
  return text && shorten(text, MOST_CHARS);
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

/** Whether the harness itself was fit while something went wrong: it was the server only if it was. */
export function healthWhile(record: RunRecord, from: number, to: number): string {
  // A sample tells of the second before it, and a moment has no sample of its own: the nearest ones tell of it.
  const near = { from: from - 1000, to: Math.max(to, from) + 1000 };
  const own = record.of("self").filter((event) => covered([stretchOf(event)], near) > 0);
  if (own.length === 0) return "not known: the harness did not measure itself then";
  const starved = covered(record.view.starved, near);
  const controls = own.flatMap(({ controlMax }) => (controlMax === null ? [] : [controlMax]));
  const control =
    controls.length === 0
      ? ""
      : `; the control server, which nobody harms, answered within ${Math.ceil(Math.max(...controls))} ms`;
  if (starved === 0) return `No: it was never starved in that time${control}.`;
  const measured = covered([...own.map(stretchOf), ...record.view.starved], near);
  return `It was starved for ${inSeconds(starved)} of ${inSeconds(measured)} s in that time${control}.`;
}

/** What a sample tells of; a reader may have merged several (journal/thin.ts). */
function stretchOf({ t, seconds = 1 }: EventOf<"self">): Span {
  return { from: t - seconds * 1000, to: t };
}

/** Something is not nothing. */
function inSeconds(ms: number): number {
  return Math.max(1, Math.round(ms / 1000));
}
