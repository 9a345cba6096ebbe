import { z } from "zod";

/*
 *   experiments × images ─► jobs ─► shards ─► one runner each ─► nightly.json ─┐
 *                                                              nightly.json ─┴─► one report of the night
 */

/** Raised when a reader of nightly.json would have to change. */
const NIGHT_VERSION = 1;

/**
 * What became of one experiment on one image:
 * - `pass`, `known-bug` (it found what it had to, or may), `fail`
 * - `not-reproduced`: a known bug did not show
 * - `inconclusive`, `error` (infrastructure)
 * - `skipped`: its image is not there, or the time was over
 * - `not-run`: the runner ended before it came to it
 */
export const OUTCOMES = [
  "pass",
  "known-bug",
  "fail",
  "not-reproduced",
  "inconclusive",
  "error",
  "skipped",
  "not-run",
] as const;

const nightRunSchema = z.object({
  /** The run's folder, relative to the folder of nightly.json. */
  folder: z.string(),
  seed: z.string(),
  verdict: z.enum(["pass", "fail", "inconclusive", "error", "interrupted"]),
  reasons: z.array(z.string()),
  findings: z.array(z.object({ type: z.string(), class: z.string(), summary: z.string() })),
  /** It may be the doing of runs beside it: it was done once more, alone, and that one counts. */
  counts: z.literal(false).optional(),
  /** Its page in that folder; absent: report.html. */
  page: z.string().optional(),
});
/** One run of a job. */
export type NightRun = z.infer<typeof nightRunSchema>;

/** A run, or its result.json. */
interface Ended extends Pick<NightRun, "seed" | "verdict"> {
  reasons: readonly string[];
  findings: readonly NightRun["findings"][number][];
}

/** What a night keeps of a run. */
export function nightRun(folder: string, { seed, verdict, reasons, findings }: Ended): NightRun {
  const told = findings.map(({ type, class: kind, summary }) => ({ type, class: kind, summary }));
  return { folder, seed, verdict, reasons: [...reasons], findings: told };
}

const nightEntrySchema = z.object({
  experiment: z.string(),
  title: z.string(),
  issue: z.string().nullable(),
  system: z.string(),
  image: z.string(),
  /** "pass", "hang/deadlocked", "pass or a finding": for people. */
  expects: z.string(),
  outcome: z.enum(OUTCOMES),
  /** Why it was skipped, what was found, how often it came back: one sentence each. Empty for a pass. */
  reasons: z.array(z.string()),
  ms: z.number().min(0),
  runs: z.array(nightRunSchema),
  /** How often the same plan gave it again (95 % interval as shares); null when it was not asked again. */
  again: z.object({ k: z.number(), n: z.number(), low: z.number(), high: z.number() }).nullable(),
  /** It is no experiment of the catalogue but an exploration, or what that found. */
  explored: z.literal(true).optional(),
});
/** What became of one job. */
export type NightEntry = z.infer<typeof nightEntrySchema>;

/** nightly.json: one runner's night, written anew after each job. */
export const nightSchema = z.object({
  version: z.literal(NIGHT_VERSION),
  kvchaos: z.string(),
  /** Draws every run's plan and the order of the jobs. */
  seed: z.string(),
  startedAt: z.string(),
  ms: z.number().min(0),
  budgetMs: z.number().nullable(),
  /** Runs at the same time at most; absent: one. */
  jobs: z.int().min(1).optional(),
  shard: z.object({ index: z.int().min(1), count: z.int().min(1) }),
  /** false: the runner was killed, or is still at it. */
  finished: z.boolean(),
  entries: z.array(nightEntrySchema),
});
export type Night = z.infer<typeof nightSchema>;
