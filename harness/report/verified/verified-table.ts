import { z } from "zod";
import { ChaosError, messageOf } from "../../base/chaos-error.ts";
import { countEach } from "../../base/count-each.ts";
import { groupBy } from "../../base/group-by.ts";
import { formatDuration } from "../../base/units.ts";
import { median } from "../time-to-finding.ts";
import { hasVerdict, lineHash, type VerifiedRun, verifiedRunSchema } from "./verified-run.ts";

const HEAD = `# Verified on real images

What runs of the catalogue's experiments have shown on real servers. Only \`kvchaos verified <runs..>\` writes this file, from the
folders of runs: it refuses a run whose journal does not give its verdict, and one of an experiment that has changed since. A test
refuses changes by hand. \`kvchaos list --coverage\` puts it beside the known bugs.
`;
const HEADINGS = [
  "experiment",
  "image",
  "digest",
  "runs",
  "found",
  "time to finding (median)",
  "without verdict",
  "last run",
  "kvchaos",
  "row",
];
const RUNS = `## Runs

One line each: what the table is made of. \`journal\` is the SHA-256 of the run's journal.jsonl, \`plan\` of what it did, \`hash\` of the line.
`;
const OPEN = "```jsonl";
const CLOSE = "```";

const lineSchema = verifiedRunSchema.extend({ hash: z.string() });

/** VERIFIED.md of these runs; the order in which they were added does not show. */
export function renderVerified(runs: readonly VerifiedRun[]): string {
  const rows = [HEADINGS, HEADINGS.map(() => "---"), ...groupsOf(runs).map(rowOf)];
  const lines = [...runs].sort(byPlace).map((run) => JSON.stringify({ ...run, hash: lineHash(run) }));
  const table = rows.map((cells) => `| ${cells.map(escapeCell).join(" | ")} |`).join("\n");
  return [HEAD, `${table}\n`, RUNS, [OPEN, ...lines, CLOSE, ""].join("\n")].join("\n");
}

function rowOf(group: VerifiedGroup): string[] {
  const { experiment, image, digest, runs, judged } = group;
  const last = runs.at(-1) as VerifiedRun;
  const cells = [
    experiment,
    image,
    shortDigest(digest),
    String(judged),
    foundText(group),
    afterText(group),
    String(runs.length - judged),
    last.started.slice(0, 10),
    last.kvchaos,
  ];
  // Over the runs, too: a row belongs to certain runs, not only to what they have in common.
  return [...cells, lineHash([cells, runs.map(({ run, journal }) => [run, journal])])];
}

const escapeCell = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll("|", "\\|");

/**
 * The runs that a VERIFIED.md tells of.
 * @param file how it is named in messages
 * @throws ChaosError usage: it is not what `renderVerified` writes, with the first line that is not
 */
export function parseVerified(text: string, file: string): VerifiedRun[] {
  const lines = text.split("\n");
  const begin = lines.indexOf(OPEN) + 1;
  const end = lines.indexOf(CLOSE, begin);
  if (begin === 0 || end < 0) throw changed(file, lines.length, "the list of runs is not there");
  const runs = lines.slice(begin, end).map((line, index) => parseLine(line, file, begin + index + 1));
  const wanted = renderVerified(runs).split("\n");
  const differs = wanted.findIndex((line, index) => line !== lines[index]);
  if (differs >= 0 || wanted.length !== lines.length) {
    throw changed(file, (differs < 0 ? wanted.length : differs) + 1, "this line is not what its runs give");
  }
  return runs;
}

function parseLine(line: string, file: string, number: number): VerifiedRun {
  let parsed: z.infer<typeof lineSchema>;
  try {
    parsed = lineSchema.parse(JSON.parse(line));
  } catch (error) {
    const why = error instanceof z.ZodError ? (error.issues[0]?.message ?? "") : messageOf(error);
    throw changed(file, number, `this line is no run: ${why}`);
  }
  const { hash, ...run } = parsed;
  if (hash !== lineHash(run)) throw changed(file, number, `the line of the run ${run.run} does not have its hash`);
  return run;
}

function changed(file: string, line: number, what: string): ChaosError {
  return new ChaosError("usage", `${file}:${line}: ${what}`, {
    hint: "It was changed by hand. Take it back (git checkout), then add runs with `kvchaos verified <runs..>`.",
  });
}

export type VerifiedGroup = ReturnType<typeof groupOf>;

/** By experiment, then image, then digest: a tag may have been moved to another image between two runs. */
export function groupsOf(runs: readonly VerifiedRun[]): VerifiedGroup[] {
  const sorted = [...runs].sort(byPlace);
  const groups = groupBy(sorted, ({ experiment, image, digest }) => JSON.stringify([experiment, image, digest]));
  return [...groups.values()].map(groupOf);
}

/** The order of the file: the same set of runs gives the same text. */
function byPlace(a: VerifiedRun, b: VerifiedRun): number {
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
function afterText({ after }: VerifiedGroup): string {
  return after === null ? "-" : formatDuration(Math.round(after / 100) * 100);
}

/** "sha256:0123456789ab", without the repository; "-" where nobody knows it. */
export function shortDigest(digest: string | null): string {
  return digest === null ? "-" : digest.replace(/^.*@/, "").replace(/^(sha256:[0-9a-f]{12})[0-9a-f]*$/, "$1");
}
