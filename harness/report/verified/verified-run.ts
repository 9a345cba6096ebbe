import { createHash } from "node:crypto";
import { z } from "zod";
import type { Plan } from "../../journal/plan.ts";
import { asNamed } from "./files-of-before.ts";

/*
 *   a run's folder ──► VerifiedRun ──► experiments/VERIFIED.md: a table for people, and one line of JSON per run that it is made of
 *                verify-run.ts                              verified-table.ts
 */

/** What experiments/VERIFIED.md keeps of one run. */
export const verifiedRunSchema = z.strictObject({
  run: z.string().min(1).describe("Its id"),
  experiment: z.string().min(1).describe("Path below experiments/"),
  seed: z.string(),
  system: z.string(),
  image: z.string().min(1),
  digest: z.string().nullable(),
  verdict: z.enum(["pass", "fail", "inconclusive", "error", "interrupted"]),
  found: z.array(z.string()).describe("Each type/class once"),
  after: z.number().min(0).nullable().describe("From the beginning of chaos to that of the first finding, ms"),
  started: z.string().describe("ISO 8601, UTC"),
  kvchaos: z.string(),
  plan: z.string().describe("planDigest of what was run"),
  journal: z.string().describe("SHA-256 of journal.jsonl"),
});
export type VerifiedRun = z.infer<typeof verifiedRunSchema>;

/** Did it answer the question? Others are counted, and verify nothing. */
export function hasVerdict({ verdict }: Pick<VerifiedRun, "verdict">): boolean {
  return verdict === "pass" || verdict === "fail";
}

/** Ties a line to its content: whoever changes one by hand must do so on purpose. 16 hexadecimal digits. */
export function lineHash(value: unknown): string {
  return sha256(`kvchaos verified\n${JSON.stringify(value)}`).slice(0, 16);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** What is said about an experiment, and where it lies, does not change what a run does. */
const WORDS = ["file", "title", "description", "why", "issue", "tags", "images", "expect", "timeToFinding"];

/**
 * Equal for two plans that do the same: of the experiment as it is today and as it was run, with one seed. 16 hexadecimal digits.
 * The content of a Compose file is not in it, only its name.
 */
export function planDigest({ seed, experiment, faults }: Pick<Plan, "seed" | "experiment" | "faults">): string {
  const deeds = Object.entries(experiment).filter(([key]) => !WORDS.includes(key));
  const { file, names } = asNamed(experiment.cluster);
  const told = { ...Object.fromEntries(deeds), cluster: file };
  return sha256(names(JSON.stringify(sorted({ seed, experiment: told, faults })))).slice(0, 16);
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
