import { formatTime } from "../../base/units.ts";
import type { NightSum } from "../../run/night/merge.ts";
import type { NightEntry } from "../../run/night/record.ts";
import { bullets } from "../html/lists.ts";
import { type Html, type HtmlContent, html } from "../html/markup.ts";
import { htmlPage } from "../html/page.ts";
import { numbers, scrolling, table } from "../html/table.ts";
import { againCommand, countedOutcomes, gravestFirst, OUTCOME_WORDS, timeOfNight } from "./outcome-words.ts";

const COLUMNS = ["Outcome", "Experiment", "Image", "Expected", "Why", numbers("Runs"), numbers("Took")];

/** index.html of a night: one file, no network, no script; links to the runs' own reports beside it. */
export function nightHtml(sum: NightSum): Html {
  const { seeds, entries, missing, startedAt } = sum;
  const title = `Night ${seeds.join(", ") || "without a name"}`;
  return htmlPage({
    title,
    header: html.lines([
      html`<p class="quiet">${startedAt === null ? "kvchaos" : `kvchaos, began ${startedAt}`}</p>`,
      html`<h1>${title}: ${countedOutcomes(entries)}</h1>`,
      html`<p>${timeOfNight(sum)}.</p>`,
    ]),
    main: [
      missing.length > 0 && bullets(missing, "v-error"),
      scrolling("Experiments", table(COLUMNS, gravestFirst(entries).map(cells))),
    ],
    footer: null,
    script: null,
  });
}

function cells(entry: NightEntry): HtmlContent[] {
  const { outcome, experiment, title, image, expects, reasons, runs, ms } = entry;
  const { word, style } = OUTCOME_WORDS[outcome];
  const command = againCommand(entry);
  const links = runs.map(({ folder, verdict, page = "report.html" }, i) => {
    const target = `${folder.split(/[/\\]/).map(encodeURIComponent).join("/")}/${page}`;
    return html`${i > 0 && ", "}<a href="${target}">${verdict}</a>`;
  });
  return [
    html`<span class="tag v-${style}">${word}</span>`,
    html`${title}<br><span class="quiet">${experiment}</span>`,
    image,
    expects,
    [
      reasons.map((reason) => html`<p>${reason}</p>`),
      command !== null && style !== "pass" && html`<p><code>${command}</code></p>`,
    ],
    links,
    formatTime(ms),
  ];
}
