import { existsSync } from "node:fs";
import { readdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runIndexHtml } from "./run-index-html.ts";
import { listRuns } from "./run-list.ts";

/*
 *   reports/<run>/result.json … ─► listRuns ─► experiments × images ─► reports/index.html
 *   reports/<night>/index.html  ─────────────► links
 */

/**
 * Writes index.html into a folder of reports: the history of its runs, made of their folders alone. Several processes may do
 * so at the same time. Returns the file, or null when there is no run in the folder.
 */
export async function writeRunIndex(reports: string): Promise<string | null> {
  const runs = await listRuns(reports);
  if (runs.length === 0) return null;
  const file = join(reports, "index.html");
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, runIndexHtml(runs, await nightsOf(reports)).text);
  await rename(draft, file);
  return file;
}

/** Folders of nights that have a page of their own, latest first. */
async function nightsOf(reports: string): Promise<string[]> {
  const entries = await readdir(reports, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory() && /-nightly\b/.test(entry.name));
  const nights = folders.map(({ name }) => name).filter((name) => existsSync(join(reports, name, "index.html")));
  return nights.sort().reverse();
}
