import { escapeHtml } from "../../base/escape.ts";
import { type ClientView, clientViews } from "../../checks/service/outages.ts";
import { serviceText } from "../../checks/service/service.ts";
import type { RunRecord } from "../../journal/record.ts";
import { grouped, seconds } from "../wording.ts";

const MOST_KINDS = 8;
const MOST_OUTAGES = 10;
/** Of a server's first word. */
const MOST_LETTERS = 60;

/** What the clients of every load saw: outages, errors by kind and share, and how they were served in the end. */
export function clientsHtml(record: RunRecord): string {
  const views = clientViews(record);
  if (views.length === 0) return "<p>There was no load.</p>";
  const rows = views.map((view) => {
    const cells = [
      view.before === null ? "no warm-up" : `${grouped(view.before)}/s`,
      outageText(view),
      errorText(view) || "none",
      endText(view),
    ];
    return `<tr><td>${escapeHtml(view.load)}</td>${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join("")}</tr>`;
  });
  return `<div class="scroll" tabindex="0" role="region" aria-label="What clients saw"><table><thead><tr><th>Load</th><th>Served in the warm-up</th><th>Outages</th><th>Errors since</th><th>In the end</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}

/** The longest outage in a few words, for the first screen; null: there was none. */
export function outageSentence(record: RunRecord): string | null {
  const longest = clientViews(record)
    .filter(({ longestMs }) => longestMs > 0)
    .sort((a, b) => b.longestMs - a.longestMs)[0];
  if (!longest) return null;
  const { load, longestMs, outageMs, outages } = longest;
  const all = outages.length > 1 ? `, ${seconds(outageMs)} in all` : "";
  return `Clients of ${load} were not served for ${seconds(longestMs)} at a stretch${all}.`;
}

function outageText({ outages, outageMs, longestMs }: ClientView): string {
  if (outages.length === 0) return "none of a second or more";
  const shown = outages.slice(0, MOST_OUTAGES).map(({ from, to }) => `${seconds(from)} – ${seconds(to)}`);
  const more = outages.length > shown.length ? `, and ${outages.length - shown.length} more` : "";
  return `${seconds(longestMs)} at most, ${seconds(outageMs)} in all: ${shown.join(", ")}${more}`;
}

function errorText({ errors }: ClientView): string {
  const shown = errors.slice(0, MOST_KINDS);
  const words = shown.map(
    ({ kind, count, share }) => `${kind.slice(0, MOST_LETTERS)} × ${grouped(count)} (${percent(share)})`,
  );
  const rest = errors.length - shown.length;
  return [...words, ...(rest > 0 ? [`and ${grouped(rest)} other kinds`] : [])].join(", ");
}

function endText({ atEnd }: ClientView): string {
  if (atEnd.length === 0) return "not known";
  return atEnd.map((one) => `${one.node === null ? "" : `${one.node}: `}${serviceText(one)}`).join("; ");
}

function percent(share: number): string {
  return share >= 0.001 || share === 0 ? `${(share * 100).toFixed(1)} %` : "< 0.1 %";
}
