import { countEach } from "../../base/count-each.ts";
import { groupBy } from "../../base/group-by.ts";
import { formatDuration } from "../../base/units.ts";
import { median } from "../time-to-finding.ts";
import { hasVerdict, type VerifiedRun } from "./verified-run.ts";

export type VerifiedGroup = ReturnType<typeof groupOf>;

/** By experiment, then image, then digest: a tag may have been moved to another image between two runs. */
export function groupsOf(runs: readonly VerifiedRun[]): VerifiedGroup[] {
  const sorted = [...runs].sort(byPlace);
  const groups = groupBy(sorted, ({ experiment, image, digest }) => JSON.stringify([experiment, image, digest]));
  return [...groups.values()].map(groupOf);
}

/** The order of the file: the same set of runs gives the same text. */
export function byPlace(a: VerifiedRun, b: VerifiedRun): number {
  const place = ({ experiment, image, digest, started, run, journal }: VerifiedRun): string =>
    [experiment, image, digest ?? "", started, run, journal].join("\0");
  return place(a) < place(b) ? -1 : place(a) > place(b) ? 1 : 0;
}

/** All runs of one experiment on one image, newest last: how many of them were `judged`, and in how many of those each kind was found. */
function groupOf(runs: readonly VerifiedRun[]) {
  const { experiment, system, image, digest } = runs[0] as VerifiedRun;
  const judged = runs.filter(hasVerdict);
  const found = countEach(judged.flatMap((run) => run.found));
  const times = judged.flatMap(({ after }) => (after === null ? [] : [after]));
  /** Median over the runs that found something, ms; null where none did. */
  const after = median(times);
  return { experiment, system, image, digest, runs, judged: judged.length, found, after };
}

/** "hang/deadlocked 10 of 10, crash/exit 1 of 10"; "nothing in 3"; "-" where no run had a verdict. */
export function foundText({ judged, found }: VerifiedGroup): string {
  if (judged === 0) return "-";
  const kinds = [...found].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  return kinds.map(([kind, times]) => `${kind} ${times} of ${judged}`).join(", ") || `nothing in ${judged}`;
}

/** "4.2s"; "-" where nothing was found. */
export function afterText({ after }: VerifiedGroup): string {
  return after === null ? "-" : formatDuration(Math.round(after / 100) * 100);
}

/** "sha256:0123456789ab", without the repository; "-" where nobody knows it. */
export function shortDigest(digest: string | null): string {
  return digest === null ? "-" : digest.replace(/^.*@/, "").replace(/^(sha256:[0-9a-f]{12})[0-9a-f]*$/, "$1");
}
