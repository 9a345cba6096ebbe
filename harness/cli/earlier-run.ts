import { access, appendFile, readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { ChaosError, messageOf } from "../base/chaos-error.ts";
import { filterAsync } from "../base/filter-async.ts";
import { registries } from "../experiment/catalogue.ts";
import { readPlan } from "../experiment/plan-file.ts";
import type { JournalEvent } from "../journal/events.ts";
import type { Plan } from "../journal/plan.ts";
import { readRecord } from "../journal/reader.ts";
import type { RunRecord } from "../journal/record.ts";
import { fileReporters, renderAll } from "../report/registry.ts";
import { logError } from "./print.ts";

const journalIn = (folder: string): string => path.join(folder, "journal.jsonl");

export async function isRun(folder: string): Promise<boolean> {
  return access(journalIn(folder)).then(
    () => true,
    () => false,
  );
}

export function recordIn(folder: string): Promise<RunRecord> {
  return readRecord(journalIn(folder));
}

/** The plan in a run's folder, or wherever it was copied to. */
export async function readPlanFile(file: string): Promise<Plan> {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new ChaosError("usage", `cannot read ${file}`, { hint: "Name a run's folder below reports/.", cause });
  });
  return readPlan(text, file, registries);
}

/** Adds to an earlier run what later ones have shown of it, and renders its reports again. */
export async function addToRun(folder: string, added: readonly JournalEvent[]): Promise<void> {
  const text = added.map((event) => `${JSON.stringify(event)}\n`).join("");
  await appendFile(journalIn(folder), text).catch((cause: unknown) => {
    throw new ChaosError("infrastructure", `cannot add to ${journalIn(folder)}: ${messageOf(cause)}`, { cause });
  });
  const failures = await renderAll(await recordIn(folder), folder, fileReporters);
  for (const { name, error } of failures) logError(error, `${folder}: its ${name} could not be rendered again:`);
}

/** A night of hundreds of runs must not end with an hour of rendering. */
const MOST_RUNS = 40;

/**
 * Renders the pages of repeated runs once more when all of them are over: every one then tells how often it came back, the
 * first as well as the last. @param directories the runs' folders, oldest first
 */
export async function countAgain(directories: readonly string[]): Promise<void> {
  if (directories.length < 2) return;
  const pages = fileReporters.filter(({ name }) => name === "html");
  // The last one was rendered when all others were there.
  for (const directory of directories.slice(0, -1).slice(-MOST_RUNS)) {
    try {
      const failures = await renderAll(await recordIn(directory), directory, pages);
      for (const { error } of failures) throw error;
    } catch (error) {
      logError(error, `${directory}: its report could not be rendered again; the one of its own run stands:`);
    }
  }
}

/** A run's folder, or the folders of runs in it. @throws ChaosError usage: neither */
export async function runFolders(given: string): Promise<string[]> {
  if (await isRun(given)) return [given];
  const entries = await readdir(given, { withFileTypes: true }).catch(() => []);
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => path.join(given, name));
  const found = (await filterAsync(folders, isRun)).sort();
  if (found.length > 0) return found;
  throw new ChaosError("usage", `${given} is no run, and has none in it`, {
    hint: "A run's folder lies in reports/ and has a journal.jsonl.",
  });
}
