import path from "node:path";
import { groupBy } from "../../base/group-by.ts";
import { proportion, proportionText } from "../../base/proportion.ts";
import type { Night, NightEntry } from "./record.ts";

/** One runner's night and where its nightly.json was found: its runs' folders are relative to that. */
export interface FoundNight {
  night: Night;
  directory: string;
}

/** One or many runners' nights as one. */
export interface NightSum {
  seeds: string[];
  kvchaos: string[];
  /** Of the earliest runner; null when there was only something else than nights. */
  startedAt: string | null;
  /** Of all runners together. */
  ms: number;
  /** Experiments at a time on a runner, at most. */
  jobs: number;
  /** By experiment and image, each once. Runs' folders are relative to `directory`. */
  entries: NightEntry[];
  /** What should be there and is not: a runner's share, the end of a night. One sentence each. */
  missing: string[];
  directory: string;
}

/** Where the same experiment and image are there several times, the first of these is what counts. */
const RANK: readonly NightEntry["outcome"][] = [
  "error",
  "fail",
  "not-reproduced",
  "inconclusive",
  "known-bug",
  "pass",
  "skipped",
  "not-run",
];

/**
 * Adds up what several runners did.
 * @param others entries of runs outside of any night; their folders are relative to `directory` already
 * @param directory where the sum will be written (absolute)
 */
export function mergeNights(nights: readonly FoundNight[], others: readonly NightEntry[], directory: string): NightSum {
  const moved = nights.flatMap(({ night, directory: from }) =>
    night.entries.map((entry) => ({
      ...entry,
      runs: entry.runs.map((run) => ({ ...run, folder: path.relative(directory, path.resolve(from, run.folder)) })),
    })),
  );
  const groups = groupBy([...moved, ...others], ({ experiment, image }) => `${experiment}\n${image}`);
  return {
    seeds: unique(nights.map(({ night }) => night.seed)),
    kvchaos: unique(nights.map(({ night }) => night.kvchaos)),
    startedAt: nights.map(({ night }) => night.startedAt).sort()[0] ?? null,
    ms: nights.reduce((sum, { night }) => sum + night.ms, 0),
    jobs: Math.max(1, ...nights.map(({ night }) => night.jobs ?? 1)),
    entries: [...groups.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entries]) => asOne(entries)),
    missing: missingOf(nights),
    directory,
  };
}

function asOne(entries: readonly NightEntry[]): NightEntry {
  const [worst, ...rest] = [...entries].sort((a, b) => RANK.indexOf(a.outcome) - RANK.indexOf(b.outcome));
  if (!worst || rest.length === 0) return worst as NightEntry;
  const ran = entries.filter(({ runs }) => runs.length > 0);
  const alike = proportion(ran.filter(({ outcome }) => outcome === worst.outcome).length, ran.length);
  return {
    ...worst,
    reasons: ran.length > 1 ? [...worst.reasons, `${proportionText(alike)} runs ended so`] : worst.reasons,
    ms: entries.reduce((sum, { ms }) => sum + ms, 0),
    runs: [worst, ...rest].flatMap(({ runs }) => runs),
  };
}

/** A runner that never reported must not look like one with nothing to say. */
function missingOf(nights: readonly FoundNight[]): string[] {
  const all = nights.map(({ night }) => night);
  const kinds = unique(all.map(({ seed, shard }) => `${seed}/${shard.count}`));
  return kinds.flatMap((kind) => {
    const same = all.filter(({ seed, shard }) => `${seed}/${shard.count}` === kind);
    const { seed, shard } = same[0] as Night;
    return Array.from({ length: shard.count }, (_, i) => i + 1).flatMap((index) => {
      const tries = same.filter((night) => night.shard.index === index);
      const name = `shard ${index}/${shard.count} of night ${seed}`;
      if (tries.length === 0) return [`the runner of ${name} left no nightly.json`];
      return tries.some(({ finished }) => finished) ? [] : [`${name} did not come to its end`];
    });
  });
}

const unique = (values: readonly string[]): string[] => [...new Set(values)];
