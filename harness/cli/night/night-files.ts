import { readdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import type { z } from "zod";
import { ChaosError, messageOf } from "../../base/chaos-error.ts";
import { registries } from "../../experiment/catalogue.ts";
import { readPlan } from "../../experiment/plan-file.ts";
import { DIARY_FILE, Diary } from "../../explore/diary.ts";
import { resultSchema } from "../../report/ci/result-schema.ts";
import { expectationOf, expectationText, judge } from "../../run/night/expectation.ts";
import type { FoundNight } from "../../run/night/merge.ts";
import { type Night, type NightEntry, nightRun, nightSchema } from "../../run/night/record.ts";
import { exploredEntries } from "./explorations.ts";

const NIGHT_FILE = "nightly.json";

/** Writes nightly.json into a night's folder; a reader sees the old one or the new one, also when we are killed. */
export async function saveNight(directory: string, night: Night): Promise<void> {
  const file = path.join(directory, NIGHT_FILE);
  await writeFile(`${file}.new`, `${JSON.stringify(night, null, 2)}\n`);
  await rename(`${file}.new`, file);
}

export interface NightInputs {
  nights: FoundNight[];
  /** Runs that no night speaks of, judged by what their own plans expect. Folders are relative to `out`. */
  others: NightEntry[];
  /** Folders of runs that left no result: their runner was killed. */
  withoutResult: string[];
}

/**
 * Finds nights (nightly.json) and runs (journal.jsonl, result.json) in and below folders.
 * @param out where the sum will be written (absolute)
 * @throws ChaosError usage: no such folder, nothing in it, or a file that cannot be read
 */
export async function findNights(folders: readonly string[], out: string): Promise<NightInputs> {
  const files = (await Promise.all(folders.map((folder) => filesOf(folder)))).flat();
  const all = [...new Set(files)].filter((file) => !file.startsWith(`${out}${path.sep}`)).sort();
  const named = (name: string): string[] => all.filter((file) => path.basename(file) === name);
  const nights = await Promise.all(
    named(NIGHT_FILE).map(async (file) => ({
      night: await readJson(file, nightSchema),
      directory: path.dirname(file),
    })),
  );
  const known = new Set(
    nights.flatMap(({ night, directory }) =>
      night.entries.flatMap(({ runs }) => runs.map(({ folder }) => path.resolve(directory, folder))),
    ),
  );
  const explorations = named(DIARY_FILE).map((file) => path.dirname(file));
  /** What lies in an exploration was run for it: it tells of that itself. */
  const free = (file: string): boolean =>
    !known.has(path.dirname(file)) && !explorations.some((folder) => file.startsWith(`${folder}${path.sep}`));
  // Without a page it is what is carried from night to night.
  const pages = new Set(named("explore.html").map((file) => path.dirname(file)));
  const explored = explorations.filter((folder) => pages.has(folder) && !known.has(folder));
  const results = named("result.json").filter(free);
  const done = new Set(results.map((file) => path.dirname(file)));
  const withoutResult = named("journal.jsonl")
    .filter(free)
    .map((file) => path.dirname(file))
    .filter((folder) => !done.has(folder));
  if (nights.length + results.length + withoutResult.length + explored.length === 0) {
    throw new ChaosError("usage", `no nightly.json, no exploration and no run in ${folders.join(", ")}`, {
      hint: "Name folders that `kvchaos nightly`, `kvchaos explore` or `kvchaos run` wrote with --reports.",
    });
  }
  const others = await Promise.all([
    ...results.map(async (file) => [await entryOf(file, out)]),
    ...explored.map((folder) => explorationIn(folder, out)),
  ]);
  return { nights, others: others.flat(), withoutResult };
}

async function explorationIn(folder: string, out: string): Promise<NightEntry[]> {
  const head = await Diary.headIn(folder);
  if (!head) throw new ChaosError("usage", `${path.join(folder, DIARY_FILE)} tells of no exploration`);
  return exploredEntries(await Diary.open(folder, head), 0, out);
}

async function filesOf(folder: string): Promise<string[]> {
  const root = path.resolve(folder);
  const info = await stat(root).catch(() => null);
  if (!info?.isDirectory()) throw new ChaosError("usage", `${folder} is no folder`);
  return (await readdir(root, { recursive: true })).map((name) => path.join(root, name));
}

async function entryOf(file: string, out: string): Promise<NightEntry> {
  const folder = path.dirname(file);
  const result = await readJson(file, resultSchema);
  const planFile = path.join(folder, "plan.yaml");
  const text = await readFile(planFile, "utf8").catch(() => null);
  const expected = expectationOf(
    text === null ? { expect: null, images: {} } : readPlan(text, planFile, registries).experiment,
    result.image,
  );
  const { image, system, experiment } = result;
  const run = nightRun(path.relative(out, folder), result);
  return {
    experiment: experiment.file,
    title: experiment.title,
    issue: experiment.issue,
    system,
    image,
    expects: expectationText(expected),
    outcome: judge(expected, run),
    reasons: run.reasons,
    ms: result.durationMs,
    runs: [run],
    again: null,
  };
}

/** @throws ChaosError usage: it cannot be read, or is of another form */
async function readJson<T>(file: string, schema: z.ZodType<T>): Promise<T> {
  try {
    return schema.parse(JSON.parse(await readFile(file, "utf8")));
  } catch (cause) {
    const what = `${file}: no ${path.basename(file)} of this version of kvchaos`;
    throw new ChaosError("usage", `${what}: ${messageOf(cause)}`, { cause });
  }
}
