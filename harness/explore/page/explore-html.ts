import { proportionText } from "../../base/proportion.ts";
import { counted, formatTime } from "../../base/units.ts";
import { bullets } from "../../report/html/lists.ts";
import { type Html, type HtmlContent, html } from "../../report/html/markup.ts";
import { htmlPage } from "../../report/html/page.ts";
import { numbers, scrolling, table } from "../../report/html/table.ts";
import { MET_STATES } from "../behaviour.ts";
import { type ExplorationSum, type FoundBug, growthText, paceText } from "./sum.ts";

const STYLES = { proved: "fail", "came back": "fail", "seen once": "inconclusive" } as const;

/** explore.html: what an exploration found, then what it covered. One file, no network, no script. */
/** @param isThere is this file in the folder of that bug? What was carried from another night has its report there. */
export function exploreHtml(sum: ExplorationSum, isThere: (bug: string, file: string) => boolean = () => true): Html {
  const { system, image, seed, findings, experiments, notDrawn } = sum;
  const firm = findings.filter(({ standing }) => standing !== "seen once");
  return htmlPage({
    title: `Exploration of ${image}`,
    header: html.lines([
      html`<p class="quiet">kvchaos explore, ${system}, seed ${seed}</p>`,
      html`<h1>${image}: ${counted(firm.length, "finding")} in ${counted(experiments, "experiment")}</h1>`,
      html`<p>${paceText(sum)}.</p>`,
    ]),
    main: html.lines([
      html`<h2>What was found</h2>`,
      findings.length === 0
        ? html`<p>Nothing. That is no proof that there is nothing: below is what was tried.</p>`
        : scrolling(
            "Findings",
            table(
              ["", "Signature", "First seen", numbers("Experiments"), "The same plan again", "Files"],
              findings.map((bug) => findingCells(bug, (file) => isThere(bug.name, file))),
            ),
          ),
      html`<h2>What was covered</h2>`,
      growthSvg(sum),
      html`<h2>Faults, and what the servers were in when they came</h2>`,
      html`<p class="quiet">Numbers are experiments in which a fault came while some server was in that state; the more, the stronger the shade.</p>`,
      scrolling(
        "Coverage",
        table(["Fault", ...MET_STATES.map(numbers), numbers("drawn in"), "Never reached, and why"], coverageRows(sum)),
      ),
      html`<h2>What is never drawn</h2>`,
      bullets(notDrawn.map(({ fault, why }) => `${fault}: ${why}`)),
    ]),
    footer: null,
    script: null,
  });
}

function findingCells(
  { name, signature, standing, known, at, experiments, again, shrunk }: FoundBug,
  isThere: (file: string) => boolean,
): HtmlContent[] {
  const files = [
    ["report.html", "report"],
    ["issue.md", "ticket"],
    ["repro.sh", "repro.sh"],
    shrunk ? ["experiment.yaml", "small experiment"] : ["drawn.yaml", "experiment"],
  ] as const;
  const links = files
    .filter(([file]) => isThere(file))
    .map(([file, text]) => {
      return html`<a href="found/${encodeURIComponent(name)}/${file}">${text}</a>`;
    });
  return [
    html`<span class="tag v-${STYLES[standing]}">${standing}</span>`,
    html`<code>${signature}</code>${known !== null && html`<br>known: <a href="${known}">${known}</a>`}`,
    formatTime(at),
    experiments,
    again === null ? "not tried" : proportionText(again),
    html`${links.map((link, i) => html`${i > 0 && ", "}${link}`)}`,
  ];
}

/** Shades, from the palest on; each is for twice to four times as many experiments as the one before. */
const SHADES = 5;

function coverageRows({ coverage }: ExplorationSum): HtmlContent[][] {
  const most = Math.max(1, ...coverage.flatMap(({ met }) => MET_STATES.map((state) => met[state])));
  const shade = (times: number) => (times === 0 ? 0 : Math.ceil((SHADES * Math.log(1 + times)) / Math.log(1 + most)));
  return coverage.map(({ fault, drawn, met, why }) => [
    fault,
    ...MET_STATES.map((state) => html`<span class="heat heat${shade(met[state])}">${met[state]}</span>`),
    drawn,
    why ?? "",
  ]);
}

const WIDTH = 800;
const HEIGHT = 160;
const EDGE = 40;

/** Kinds of behaviour over time, the findings on it, and a line where it went flat. */
function growthSvg(sum: ExplorationSum): Html {
  const { growth, took, flatSince, findings } = sum;
  const last = growth.at(-1);
  if (!last) return html`<p>No experiment has shown anything yet.</p>`;
  const x = (at: number) => (EDGE + ((WIDTH - 2 * EDGE) * at) / Math.max(took, 1)).toFixed(1);
  const y = (kinds: number) => (HEIGHT - EDGE / 2 - ((HEIGHT - EDGE) * kinds) / last.kinds).toFixed(1);
  const steps = growth.flatMap(({ at, kinds }, i) => [
    { at, kinds: growth[i - 1]?.kinds ?? 0 },
    { at, kinds },
  ]);
  const points = [{ at: 0, kinds: 0 }, ...steps, { at: took, kinds: last.kinds }];
  const line = points.map(({ at, kinds }) => `${x(at)},${y(kinds)}`).join(" ");
  const text = growthText(sum);
  const flat =
    took > flatSince &&
    html`<line class="finding-line" stroke-dasharray="4 3" x1="${x(flatSince)}" x2="${x(flatSince)}" y1="${y(last.kinds)}" y2="${y(0)}"/><text class="tick${flatSince > took / 2 && " end"}" x="${x(flatSince)}" y="${HEIGHT - 2}">flat since ${formatTime(flatSince)}</text>`;
  const dots = findings.map(
    ({ at, signature }) =>
      html`<circle class="finding-dot" cx="${x(at)}" cy="${y(growth.findLast((one) => one.at <= at)?.kinds ?? 0)}" r="4"><title>${signature}, ${formatTime(at)}</title></circle>`,
  );
  const end = took > flatSince && flatSince > 0.75 * took ? null : formatTime(took);
  return html`<figure><svg class="timeline" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${text}"><line class="rule" x1="${EDGE}" x2="${WIDTH - EDGE}" y1="${y(0)}" y2="${y(0)}"/><polyline class="line s1" points="${line}"/>${flat}${dots}<text class="tick" x="${EDGE}" y="${HEIGHT - 2}">0</text><text class="tick end" x="${WIDTH - EDGE}" y="${HEIGHT - 2}">${end}</text><text class="tick" x="${EDGE}" y="12">${last.kinds}</text></svg><figcaption class="quiet">${text}${findings.length > 0 && "; dots are findings, when they were first seen"}.</figcaption></figure>`;
}
