import path from "node:path";
import type { Plan } from "../../journal/plan.ts";
import { sha256 } from "./verified-run.ts";

/** What is said about an experiment, and where it lies, does not change what a run does. */
const WORDS = ["file", "title", "description", "why", "issue", "tags", "images", "expect", "timeToFinding"];

/**
 * Equal for two plans that do the same: of the experiment as it is today and as it was run, with one seed. 16 hexadecimal digits.
 * The content of the Compose file is not in it, only its name.
 */
export function planDigest({ seed, experiment, faults }: Pick<Plan, "seed" | "experiment" | "faults">): string {
  const deeds = Object.entries(experiment).filter(([key]) => !WORDS.includes(key));
  const told = { ...Object.fromEntries(deeds), cluster: path.basename(experiment.cluster) };
  return sha256(JSON.stringify(sorted({ seed, experiment: told, faults }))).slice(0, 16);
}

/**
 * With the keys of all maps in order, and without what is off (false, nothing, an empty list): a key that a later version of
 * kvchaos adds is off in every experiment of before, and must not make their runs stale.
 */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, one]) => !isOff(one));
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, one]) => [key, sorted(one)]));
}

function isOff(value: unknown): boolean {
  return value === undefined || value === null || value === false || (Array.isArray(value) && value.length === 0);
}
