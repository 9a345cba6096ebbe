import { escapeHtml } from "../../base/escape.ts";
import { proportionText } from "../../base/proportion.ts";
import type { ImageRuns, Repeats } from "../repeats.ts";

/** k of n with its interval, image by image: the one of this run first, the fixed one beside it. */
export function repeatsHtml({ what, images }: Repeats): string {
  const [own] = images;
  const rows = images.map(
    (one) =>
      `<tr><td>${escapeHtml(one.image)}${tag(one)}</td><td>${escapeHtml(countText(one))}</td><td class="n">${one.unknown === 0 ? "" : one.unknown}</td></tr>`,
  );
  const head = own
    ? `<p><strong>${escapeHtml(`${what}: ${countText(own)}`)}</strong> of this experiment's runs on this image, in the folder that this report lies in.</p>`
    : "";
  return `${head}<div class="scroll" tabindex="0" role="region" aria-label="How often"><table><thead><tr><th>Image</th><th>Found (k of n runs, 95 % interval by Wilson)</th><th class="n">Runs without an answer</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}

function countText({ found }: ImageRuns): string {
  return found.n === 0 ? "not run here" : proportionText(found);
}

function tag({ said, own }: ImageRuns): string {
  const words = [
    ...(own ? ["this run"] : []),
    ...(said === null ? [] : [said === "fixed" ? "said to be fixed" : "said to be affected"]),
  ];
  return words.map((word) => ` <span class="tag">${word}</span>`).join("");
}
