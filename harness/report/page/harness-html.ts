import { counted, formatTime } from "../../base/units.ts";
import type { RunRecord } from "../../journal/record.ts";
import { coverText, pollingText } from "../finding/watching-text.ts";
import { bullets, definitions, folded, truncatedNote } from "../html/lists.ts";
import { type Html, type HtmlContent, html } from "../html/markup.ts";
import type { RunSummary } from "../run-summary.ts";

const MOST_NOTES = 200;

const othersText = (most: number): string => (most === 0 ? "no other run" : `up to ${counted(most, "other run")}`);

/** How well the harness itself was, and how closely it watched. */
export function selfHtml(record: RunRecord, { self, notes, nodes, end }: RunSummary): Html {
  const { starvedSeconds, worstMainDelay, worstProbeDelay, worstControl, worstCpuPressure } = self;
  const rows: [string, HtmlContent][] = [
    ...(self.mostOthers === undefined
      ? []
      : [["Beside it", othersText(self.mostOthers)] satisfies [string, HtmlContent]]),
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
