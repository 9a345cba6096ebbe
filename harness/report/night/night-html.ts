import { createHash } from "node:crypto";
import { escapeHtml } from "../../base/escape.ts";
import type { NightSum } from "../../run/night/merge.ts";
import type { NightEntry } from "../../run/night/record.ts";
import { PAGE_STYLE } from "../page/page-style.ts";
import { seconds } from "../wording.ts";
import { againCommand, countedOutcomes, gravestFirst, OUTCOME_WORDS } from "./night-words.ts";

/** index.html of a night: one file, no network, no script; links to the runs' own reports beside it. */
export function nightHtml({ seeds, entries, missing, ms, startedAt }: NightSum): string {
  const title = `Night ${seeds.join(", ") || "without a name"}`;
  const hash = createHash("sha256").update(PAGE_STYLE).digest("base64");
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${hash}'; img-src data:; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>${escapeHtml(title)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<header>
<p class="quiet">${escapeHtml(startedAt === null ? "kvchaos" : `kvchaos, began ${startedAt}`)}</p>
<h1>${escapeHtml(`${title}: ${countedOutcomes(entries)}`)}</h1>
<p>${escapeHtml(`${seconds(ms)} on all runners together.`)}</p>
</header>
<main>
${missing.length === 0 ? "" : `<ul class="v-error">${missing.map((one) => `<li>${escapeHtml(one)}</li>`).join("")}</ul>\n`}<div class="scroll" tabindex="0" role="region" aria-label="Experiments">
<table>
<thead><tr><th>Outcome</th><th>Experiment</th><th>Image</th><th>Expected</th><th>Why</th><th class="n">Runs</th><th class="n">Took</th></tr></thead>
<tbody>
${gravestFirst(entries).map(row).join("\n")}
</tbody>
</table>
</div>
</main>
</body>
</html>
`;
}

function row(entry: NightEntry): string {
  const { outcome, experiment, title, image, expects, reasons, runs, ms } = entry;
  const { word, style } = OUTCOME_WORDS[outcome];
  const command = againCommand(entry);
  const why = [
    ...reasons.map((reason) => `<p>${escapeHtml(reason)}</p>`),
    ...(command === null || style === "pass" ? [] : [`<p><code>${escapeHtml(command)}</code></p>`]),
  ].join("");
  const links = runs.map(({ folder, verdict }) => {
    const target = `${folder.split(/[/\\]/).map(encodeURIComponent).join("/")}/report.html`;
    return `<a href="${escapeHtml(target)}">${escapeHtml(verdict)}</a>`;
  });
  const cells = [
    `<td><span class="tag v-${style}">${escapeHtml(word)}</span></td>`,
    `<td>${escapeHtml(title)}<br><span class="quiet">${escapeHtml(experiment)}</span></td>`,
    `<td>${escapeHtml(image)}</td>`,
    `<td>${escapeHtml(expects)}</td>`,
    `<td>${why}</td>`,
    `<td class="n">${links.join(", ")}</td>`,
    `<td class="n">${escapeHtml(seconds(ms))}</td>`,
  ];
  return `<tr>${cells.join("")}</tr>`;
}
