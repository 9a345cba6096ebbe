import { proportionText } from "../../base/proportion.ts";
import { counted, formatTime } from "../../base/units.ts";
import { type Html, type HtmlContent, html } from "../../report/html/markup.ts";
import { htmlPage } from "../../report/html/page.ts";
import { numbers, scrolling, table } from "../../report/html/table.ts";
import { MET_STATES } from "../behaviour.ts";
import type { ExplorationSum, FoundBug } from "./sum.ts";

const STYLES = { proved: "fail", "came back": "fail", "seen once": "inconclusive" } as const;

/** explore.html: what an exploration found, then what it covered. One file, no network, no script. */
export function exploreHtml(sum: ExplorationSum): Html {
  const { system, image, seed, findings, experiments, took } = sum;
  const firm = findings.filter(({ standing }) => standing !== "seen once");
  return htmlPage({
    title: `Exploration of ${image}`,
    header: html.lines([
      html`<p class="quiet">kvchaos explore, ${system}, seed ${seed}</p>`,
      html`<h1>${image}: ${counted(firm.length, "finding")} in ${counted(experiments, "experiment")}</h1>`,
      html`<p>${formatTime(took)}, ${Math.round(experiments / Math.max(took / 3_600_000, 1 / 60))} experiments an hour${sum.void > 0 && html`; ${sum.void} of them count for nothing, since the machine was starved or the run broke`}.</p>`,
    ]),
    main: html.lines([
      html`<h2>What was found</h2>`,
      findings.length === 0
        ? html`<p>Nothing. That is no proof that there is nothing: below is what was tried.</p>`
        : scrolling(
            "Findings",
            table(
              ["", "Signature", "First seen", numbers("Experiments"), "The same plan again", "Files"],
              findings.map(findingCells),
            ),
          ),
      html`<h2>What was covered</h2>`,
      growthSvg(sum),
      html`<h3>Faults, and what the servers were in when they came</h3>`,
      html`<p class="quiet">Numbers are experiments in which it happened.</p>`,
      scrolling(
        "Coverage",
        table(
          ["Fault", ...MET_STATES.map((state) => ({ name: state, cell: "n", head: "n" })), "Never reached"],
          coverageRows(sum),
        ),
      ),
    ]),
    footer: null,
    script: null,
  });
}

function findingCells({ name, signature, standing, known, at, experiments, again, shrunk }: FoundBug): HtmlContent[] {
  const file = (path: string, text: string) => html`<a href="found/${encodeURIComponent(name)}/${path}">${text}</a>`;
  return [
    html`<span class="tag v-${STYLES[standing]}">${standing}</span>`,
    html`<code>${signature}</code>${known !== null && html`<br>known: <a href="${known}">${known}</a>`}`,
    formatTime(at),
    experiments,
    again === null ? "not tried" : proportionText(again),
    html`${file("report.html", "report")}, ${file("issue.md", "ticket")}, ${file("repro.sh", "repro.sh")}, ${shrunk ? file("experiment.yaml", "small experiment") : file("drawn.yaml", "experiment")}`,
  ];
}

/** The more often, the darker. */
function coverageRows({ coverage }: ExplorationSum): HtmlContent[][] {
  return coverage.map(({ fault, met, why }) => [
    html`<code>${fault}</code>`,
    ...MET_STATES.map((state) => (met[state] === 0 ? html`<span class="quiet">0</span>` : html`<b>${met[state]}</b>`)),
    why ?? "",
  ]);
}

const WIDTH = 800;
const HEIGHT = 160;
const EDGE = 40;

/** Kinds of behaviour over time. */
function growthSvg({ growth, took, flatSince }: ExplorationSum): Html {
  const last = growth.at(-1);
  if (!last) return html`<p>No experiment has shown anything yet.</p>`;
  const x = (at: number) => EDGE + ((WIDTH - 2 * EDGE) * at) / Math.max(took, 1);
  const y = (kinds: number) => HEIGHT - EDGE / 2 - ((HEIGHT - EDGE) * kinds) / last.kinds;
  const points = [{ at: 0, kinds: 0 }, ...growth, { at: took, kinds: last.kinds }];
  const line = points.map(({ at, kinds }) => `${x(at).toFixed(1)},${y(kinds).toFixed(1)}`).join(" ");
  const words = `${last.kinds} kinds of behaviour; the last new one after ${formatTime(flatSince)} of ${formatTime(took)}`;
  return html`<figure><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${words}" width="100%"><polyline points="${line}" fill="none" stroke="currentColor" stroke-width="2"/><text x="${EDGE}" y="${HEIGHT - 2}" font-size="11" fill="currentColor">0</text><text x="${WIDTH - EDGE}" y="${HEIGHT - 2}" font-size="11" text-anchor="end" fill="currentColor">${formatTime(took)}</text><text x="${EDGE}" y="12" font-size="11" fill="currentColor">${last.kinds}</text></svg><figcaption class="quiet">${words}.</figcaption></figure>`;
}
