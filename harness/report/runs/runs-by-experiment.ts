import { access, readdir } from "node:fs/promises";
import { join } from "node:path";
import { groupBy } from "../../base/group-by.ts";
import { type ListedRun, listRuns } from "./run-list.ts";

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

/** What the run folders below a folder of reports tell. */
export async function readRunIndex(reports: string): Promise<RunIndex> {
  const runs = await listRuns(reports);
  const groups = groupBy(runs, ({ experiment }) => experiment.file);
  const latest = (some: readonly ListedRun[]): string => some.at(-1)?.startedAt ?? "";
  const sorted = [...groups].sort(([, a], [, b]) => (latest(a) < latest(b) ? 1 : -1));
  return {
    groups: sorted.map(([file, own]) => ({ file, title: own.at(-1)?.experiment.title ?? file, rows: rowsOf(own) })),
    nights: await nightsOf(reports),
    total: runs.length,
  };
}

function rowsOf(runs: readonly ListedRun[]): IndexRow[] {
  const rows = groupBy(runs, ({ system, image }) => `${system} ${image}`);
  return [...rows.values()].map((own) => {
    const [{ image, system }] = own as [ListedRun];
    return { image, system, runs: own };
  });
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
