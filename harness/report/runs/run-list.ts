import { existsSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

/** What lists and counts need of a result.json; every version of it that has these is read. */
const resultSchema = z.looseObject({
  runId: z.string(),
  startedAt: z.string(),
  durationMs: z.number(),
  experiment: z.looseObject({ title: z.string(), file: z.string(), confirms: z.string().optional() }),
  seed: z.string(),
  system: z.string(),
  image: z.string(),
  digest: z.string().nullable(),
  nodeImages: z.record(z.string(), z.string()).optional(),
  serverVersion: z.string().nullable(),
  verdict: z.enum(["pass", "fail", "inconclusive", "error", "interrupted"]),
  findings: z.array(z.looseObject({ type: z.string(), class: z.string(), node: z.string().nullable() })),
});

/** One run, as its folder tells it. */
export interface ListedRun extends z.infer<typeof resultSchema> {
  /** Name of its folder. */
  folder: string;
  hasReport: boolean;
}

/** A result.json of more bytes is none that kvchaos wrote. */
const MOST_BYTES = 32_000_000;

/**
 * Every run below a folder of reports that has a readable result.json, oldest first. Other folders and broken files are
 * passed over: they may be a run that is going on.
 * @param most how many, the newest by the folders' names, which begin with the time
 */
export async function listRuns(reports: string, most = 5000): Promise<ListedRun[]> {
  const entries = await readdir(reports, { withFileTypes: true }).catch(() => []);
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const runs: ListedRun[] = [];
  for (const folder of names.sort().slice(-most)) {
    const run = await readListedRun(reports, folder);
    if (run) runs.push(run);
  }
  return runs.sort((a, b) => (a.startedAt < b.startedAt ? -1 : a.startedAt > b.startedAt ? 1 : 0));
}

async function readListedRun(reports: string, folder: string): Promise<ListedRun | null> {
  const file = join(reports, folder, "result.json");
  try {
    if ((await stat(file)).size > MOST_BYTES) return null;
    const result = resultSchema.parse(JSON.parse(await readFile(file, "utf8")));
    return { ...result, folder, hasReport: existsSync(join(reports, folder, "report.html")) };
  } catch {
    return null; // see above: none, or not a whole one
  }
}
