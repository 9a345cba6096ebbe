import { formatCount, formatTime } from "../../base/units.ts";
import { type ClientView, clientViews } from "../../checks/service/outages.ts";
import { serviceText } from "../../checks/service/service.ts";
import { viaText } from "../../journal/plan.ts";
import type { RunRecord } from "../../journal/record.ts";
import { type Html, html } from "../html/markup.ts";
import { numbers, scrolling, table } from "../html/table.ts";
import type { RunSummary } from "../run-summary.ts";

const MOST_KINDS = 8;
const MOST_OUTAGES = 10;
/** Of a server's first word. */
const MOST_LETTERS = 60;

/** What the clients of every load saw: outages, errors by kind and share, and how they were served in the end. */
export function clientsHtml(record: RunRecord): Html {
  const views = clientViews(record);
  if (views.length === 0) return html`<p>There was no load.</p>`;
  const rows = views.map((view) => [
    view.load,
    view.before === null ? "no warm-up" : `${formatCount(view.before)}/s`,
    outageText(view),
    errorText(view) || "none",
    endText(view),
  ]);
  const columns = ["Load", "Served in the warm-up", "Outages", "Errors since", "In the end"];
  return scrolling("What clients saw", table(columns, rows));
}

export function loadHtml({ plan }: RunRecord, { loads }: RunSummary): Html {
  if (loads.length === 0) return html`<p>There was no load.</p>`;
  const planned = [...(plan?.experiment.load ?? []), ...(plan?.experiment.benchmarks ?? [])];
  const redirected = loads.some(({ redirects }) => redirects !== undefined);
  const counts = (kinds: Readonly<Record<string, number>>): string =>
    Object.entries(kinds)
      .slice(0, MOST_KINDS)
      .map(([name, count]) => `${name} × ${formatCount(count)}`)
      .join(", ");
  const rows = loads.map(({ load, ok, fail, info, errors, redirects = {} }) => {
    const own = planned.find(
      ({ name }) => load === name || load.startsWith(`${name}-shard`) || load.startsWith(`${name}-db`),
    );
    const numbered = [formatCount(ok), formatCount(fail), formatCount(info), counts(errors)];
    return [load, own ? viaText(own) : "not known", ...numbered, ...(redirected ? [counts(redirects)] : [])];
  });
  const last = redirected ? ["Followed to another server"] : [];
  const columns = ["Load", "Way", numbers("ok"), numbers("failed"), numbers("unknown outcome"), "Errors", ...last];
  return scrolling("Load totals", table(columns, rows));
}

/** The longest outage in a few words, for the first screen; null: there was none. */
export function outageSentence(record: RunRecord): string | null {
  const longest = clientViews(record)
    .filter(({ longestMs }) => longestMs > 0)
    .sort((a, b) => b.longestMs - a.longestMs)[0];
  if (!longest) return null;
  const { load, longestMs, outageMs, outages } = longest;
  const all = outages.length > 1 ? `, ${formatTime(outageMs)} in all` : "";
  return `Clients of ${load} were not served for ${formatTime(longestMs)} at a stretch${all}.`;
}

function outageText({ outages, outageMs, longestMs }: ClientView): string {
  if (outages.length === 0) return "none of a second or more";
  const shown = outages.slice(0, MOST_OUTAGES).map(({ from, to }) => `${formatTime(from)} – ${formatTime(to)}`);
  const more = outages.length > shown.length ? `, and ${outages.length - shown.length} more` : "";
  return `${formatTime(longestMs)} at most, ${formatTime(outageMs)} in all: ${shown.join(", ")}${more}`;
}

function errorText({ errors }: ClientView): string {
  const shown = errors.slice(0, MOST_KINDS);
  const words = shown.map(
    ({ kind, count, share }) => `${kind.slice(0, MOST_LETTERS)} × ${formatCount(count)} (${percent(share)})`,
  );
  const rest = errors.length - shown.length;
  return [...words, ...(rest > 0 ? [`and ${formatCount(rest)} other kinds`] : [])].join(", ");
}

function endText({ atEnd }: ClientView): string {
  if (atEnd.length === 0) return "not known";
  return atEnd.map((one) => `${one.node === null ? "" : `${one.node}: `}${serviceText(one)}`).join("; ");
}

function percent(share: number): string {
  return share >= 0.001 || share === 0 ? `${(share * 100).toFixed(1)} %` : "< 0.1 %";
}
