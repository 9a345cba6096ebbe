import { groupBy } from "../../base/group-by.ts";
import { type Html, html } from "../html/markup.ts";
import { scrolling } from "../html/table.ts";
import type { ExperimentRuns, ImageRuns } from "./experiment-runs.ts";
import { LETTERS, letterOf, linked, wordsOf } from "./one-run.ts";

/** Rows of one block. Low blocks leave less of a screen empty when they stand side by side. */
const MOST_ROWS = 12;

/**
 * Experiment × image, each cell with its last verdict and how many of how many failed. In blocks, by the folders of the
 * experiments, which stand side by side where there is room; each has columns for the images of its own rows alone.
 */
export function matrixHtml(experiments: readonly ExperimentRuns[]): Html {
  const folders = groupBy(experiments, ({ name }) => name.slice(0, name.lastIndexOf("/") + 1));
  const blocks = [...folders].flatMap(([folder, own]) => {
    const parts = Math.ceil(own.length / MOST_ROWS);
    const rows = Math.ceil(own.length / parts);
    return Array.from({ length: parts }, (_, i) => {
      const label = `Last verdicts: ${folder}${parts > 1 ? ` ${i + 1} of ${parts}` : ""}`;
      return scrolling(label, blockHtml(folder, own.slice(i * rows, (i + 1) * rows)));
    });
  });
  return html`<div class="matrix">\n${html.lines(blocks)}\n</div>`;
}

function blockHtml(folder: string, experiments: readonly ExperimentRuns[]): Html {
  const all = new Map(experiments.flatMap(({ images }) => images.map((one) => [keyOf(one), one] as const)));
  const columns = [...all.values()].sort(
    (a, b) => a.system.localeCompare(b.system) || a.image.localeCompare(b.image, "en", { numeric: true }),
  );
  const short = columns.map(({ image }) => shortName(image));
  const heads = columns.map((column, i) => {
    const [name, tag] = short.filter((one) => one === short[i]).length > 1 ? [column.image] : splitTag(short[i] ?? "");
    return html`<th scope="col" title="${column.image}">${name}${tag !== undefined && html`<br>${tag}`}</th>`;
  });
  const bodies = experiments.map(({ id, name, title, images }) => {
    const cells = columns.map((column) => cellHtml(images.find((one) => keyOf(one) === keyOf(column))));
    return html`<tr><th scope="row"><a href="#${id}" title="${title}">${name.slice(folder.length)}</a></th>${cells}</tr>`;
  });
  return html`<table><thead><tr><td>${folder}</td>${heads}</tr></thead><tbody>
${html.lines(bodies)}
</tbody></table>`;
}

function cellHtml(runs: ImageRuns | undefined): Html {
  if (runs === undefined) return html`<td></td>`;
  const { failed, latest } = runs;
  const count = failed.n > 0 ? ` ${failed.k}/${failed.n}` : "";
  const told = failed.n > 0 ? `failed ${failed.k} of ${failed.n}` : "no verdict yet";
  // What is read aloud begins with what is seen.
  const words = `${LETTERS[latest.verdict]}${count}: ${told} on ${runs.image}; last: ${wordsOf(latest)}`;
  return html`<td>${linked(latest, html`${letterOf(latest)}${count}`, words)}</td>`;
}

const keyOf = ({ system, image }: ImageRuns): string => `${system} ${image}`;

/** "kvrocks:2.9.0" of "apache/kvrocks:2.9.0"; what is said of several images is said in full. */
const shortName = (image: string): string => (image.includes("; ") ? image : image.replace(/^.*\//, ""));

function splitTag(image: string): [name: string, tag?: string] {
  const [, name, tag] = /^([^:\s]+):([^:\s]+)$/.exec(image) ?? [];
  return name !== undefined && tag !== undefined ? [name, tag] : [image];
}
