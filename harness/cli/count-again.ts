import { fileReporters, renderAll } from "../report/registry.ts";
import { recordIn } from "./earlier-run.ts";
import { logError } from "./print.ts";

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
