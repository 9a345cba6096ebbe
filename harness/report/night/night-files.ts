import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { NightSum } from "../../run/night/merge.ts";
import { appendSummary } from "../ci/step-summary.ts";
import { nightHtml } from "./night-html.ts";
import { nightJunit } from "./night-junit.ts";
import { COMMENT_BYTES, nightMarkdown, SUMMARY_BYTES } from "./night-markdown.ts";

/**
 * Writes junit.xml, summary.md, comment.md (the same, short enough for a comment) and index.html into the sum's folder; in a
 * GitHub workflow the summary also goes to the step's ($GITHUB_STEP_SUMMARY), or there a line that it no longer fits.
 */
export async function writeNight(sum: NightSum, environment: NodeJS.ProcessEnv): Promise<void> {
  const { directory } = sum;
  await mkdir(directory, { recursive: true });
  const markdown = nightMarkdown(sum, SUMMARY_BYTES);
  await Promise.all([
    writeFile(join(directory, "junit.xml"), nightJunit(sum).text),
    writeFile(join(directory, "summary.md"), markdown),
    writeFile(join(directory, "comment.md"), nightMarkdown(sum, COMMENT_BYTES)),
    writeFile(join(directory, "index.html"), nightHtml(sum).text),
  ]);
  const step = environment.GITHUB_STEP_SUMMARY;
  const missing = "\n(the night's summary does not fit here: it is in summary.md)\n";
  if (step) await appendSummary(step, `${markdown}\n`, missing);
}
