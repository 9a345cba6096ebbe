import { access, readdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type ListedRun, listRuns } from "../run-list.ts";
import { runIndexHtml } from "./run-index-html.ts";

/*
 *   reports/<run>/result.json … ─► listRuns ─► experiments × images ─► reports/index.html
 *   reports/<night>/index.html  ─────────────► links
 */

/** All runs of one experiment on one image, oldest first. */
export interface IndexRow {
  image: string;
  system: string;
  runs: readonly ListedRun[];
}

/** One experiment, by its file. */
export interface IndexGroup {
  file: string;
  /** As its latest run was called. */
  title: string;
  rows: readonly IndexRow[];
}

export interface RunIndex {
  groups: readonly IndexGroup[];
  /** Folders of nights that have a page of their own, latest first. */
  nights: readonly string[];
  total: number;
}

/**
 * Writes index.html into a folder of reports: the history of its runs, made of their folders alone. Several processes may do
 * so at the same time. Returns the file, or null when there is no run in the folder.
 */
export async function writeRunIndex(reports: string): Promise<string | null> {
  const index = await readRunIndex(reports);
  if (index.total === 0) return null;
  const file = join(reports, "index.html");
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, runIndexHtml(index));
  await rename(draft, file);
  return file;
}

async function readRunIndex(reports: string): Promise<RunIndex> {
  const runs = await listRuns(reports);
  const groups = new Map<string, ListedRun[]>();
  for (const run of runs) push(groups, run.experiment.file, run);
  const latest = (some: readonly ListedRun[]): string => some.at(-1)?.startedAt ?? "";
  const sorted = [...groups].sort(([, a], [, b]) => (latest(a) < latest(b) ? 1 : -1));
  return {
    groups: sorted.map(([file, own]) => ({ file, title: own.at(-1)?.experiment.title ?? file, rows: rowsOf(own) })),
    nights: await nightsOf(reports),
    total: runs.length,
  };
}

function rowsOf(runs: readonly ListedRun[]): IndexRow[] {
  const rows = new Map<string, ListedRun[]>();
  for (const run of runs) push(rows, `${run.system} ${run.image}`, run);
  return [...rows.values()].map((own) => {
    const [{ image, system }] = own as [ListedRun];
    return { image, system, runs: own };
  });
}

function push(groups: Map<string, ListedRun[]>, name: string, run: ListedRun): void {
  const own = groups.get(name);
  if (own) own.push(run);
  else groups.set(name, [run]);
}

async function nightsOf(reports: string): Promise<string[]> {
  const entries = await readdir(reports, { withFileTypes: true }).catch(() => []);
  const nights: string[] = [];
  for (const { name } of entries.filter((entry) => entry.isDirectory() && /-nightly\b/.test(entry.name))) {
    const there = await access(join(reports, name, "index.html")).then(
      () => true,
      () => false,
    );
    if (there) nights.push(name);
  }
  return nights.sort().reverse();
}
