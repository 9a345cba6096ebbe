import { proportionText } from "../../base/proportion.ts";
import { type Html, html } from "../html/markup.ts";
import { numbers, scrolling, table } from "../html/table.ts";
import type { ImageRuns, Repeats } from "./repeats.ts";

/** k of n with its interval, image by image: the one of this run first, the fixed one beside it. */
export function repeatsHtml({ what, images }: Repeats): Html {
  const [own] = images;
  const rows = images.map((one) => [html`${one.image}${tags(one)}`, countText(one), one.unknown || null]);
  const head =
    own &&
    html`<p><strong>${what}: ${countText(own)}</strong> of this experiment's runs on this image, in the folder that this report lies in.</p>`;
  const columns = ["Image", "Found (k of n runs, 95 % interval by Wilson)", numbers("Runs without an answer")];
  return html`${head}${scrolling("How often", table(columns, rows))}`;
}

function countText({ found }: ImageRuns): string {
  return found.n === 0 ? "not run here" : proportionText(found);
}

function tags({ said, own }: ImageRuns): Html[] {
  const words = [
    ...(own ? ["this run"] : []),
    ...(said === null ? [] : [said === "fixed" ? "said to be fixed" : "said to be affected"]),
  ];
  return words.map((word) => html` <span class="tag">${word}</span>`);
}
