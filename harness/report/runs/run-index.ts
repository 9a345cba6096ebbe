import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runIndexHtml } from "./run-index-html.ts";
import { readRunIndex } from "./runs-by-experiment.ts";

/*
 *   reports/<run>/result.json … ─► listRuns ─► experiments × images ─► reports/index.html
 *   reports/<night>/index.html  ─────────────► links
 */

/**
 * Writes index.html into a folder of reports: the history of its runs, made of their folders alone. Several processes may do
 * so at the same time. Returns the file, or null when there is no run in the folder.
 */
export async function writeRunIndex(reports: string): Promise<string | null> {
  const index = await readRunIndex(reports);
  if (index.total === 0) return null;
  const file = join(reports, "index.html");
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, runIndexHtml(index).text);
  await rename(draft, file);
  return file;
}
