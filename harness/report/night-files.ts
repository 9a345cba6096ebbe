import { appendFile, mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { NightSum } from "../run/night/merge.ts";
import { nightHtml } from "./night-html.ts";
import { nightJunit } from "./night-junit.ts";
import { nightMarkdown } from "./night-markdown.ts";

/** GitHub drops a step summary above 1 MiB as a whole; other steps' text counts, too. */
const MOST_BYTES = 900_000;

/**
 * Writes junit.xml, summary.md and index.html into the sum's folder; in a GitHub workflow the summary also goes to the
 * step's ($GITHUB_STEP_SUMMARY), unless it no longer fits there.
 */
export async function writeNight(sum: NightSum, environment: NodeJS.ProcessEnv): Promise<void> {
  const { directory } = sum;
  await mkdir(directory, { recursive: true });
  const markdown = nightMarkdown(sum);
  await Promise.all([
    writeFile(join(directory, "junit.xml"), nightJunit(sum)),
    writeFile(join(directory, "summary.md"), markdown),
    writeFile(join(directory, "index.html"), nightHtml(sum)),
  ]);
  const step = environment.GITHUB_STEP_SUMMARY;
  if (!step) return;
  const before = await stat(step).then(
    (info) => info.size,
    () => 0,
  );
  if (before + Buffer.byteLength(markdown) <= MOST_BYTES) await appendFile(step, `${markdown}\n`);
}
