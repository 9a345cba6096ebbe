import { formatTime } from "../../base/units.ts";
import type { NightSum } from "../../run/night/merge.ts";
import type { NightEntry } from "../../run/night/record.ts";
import type { JunitTrouble } from "../ci/junit-xml.ts";
import { shellWord } from "../replay-command.ts";

type Outcome = NightEntry["outcome"];

interface OutcomeWords {
  sign: string;
  word: string;
  plural: string;
  /** Class of its tag on a page. */
  style: string;
  /** What it is in junit.xml; null: a case that passed. */
  tag: JunitTrouble["tag"] | null;
}

/** How each outcome is shown, what a reader must see first on top. */
export const OUTCOME_WORDS: Readonly<Record<Outcome, OutcomeWords>> = {
  error: { sign: "🛑", word: "broken", plural: "broken", style: "error", tag: "error" },
  fail: { sign: "❌", word: "failed", plural: "failed", style: "fail", tag: "failure" },
  "not-reproduced": {
    sign: "❓",
    word: "known bug not seen",
    plural: "known bugs not seen",
    style: "fail",
    tag: "failure",
  },
  "not-run": { sign: "⏹️", word: "not run", plural: "not run", style: "interrupted", tag: "error" },
  inconclusive: { sign: "⚠️", word: "inconclusive", plural: "inconclusive", style: "inconclusive", tag: "skipped" },
  skipped: { sign: "⏭️", word: "skipped", plural: "skipped", style: "interrupted", tag: "skipped" },
  "known-bug": { sign: "🐛", word: "known bug seen", plural: "known bugs seen", style: "pass", tag: null },
  pass: { sign: "✅", word: "passed", plural: "passed", style: "pass", tag: null },
};
const ORDER = Object.keys(OUTCOME_WORDS) as Outcome[];

/** "1 failed, 2 known bugs seen, 8 passed", the gravest first. */
export function countedOutcomes(entries: readonly NightEntry[]): string {
  const counted = ORDER.map((outcome) => ({ outcome, n: entries.filter((one) => one.outcome === outcome).length }));
  const shown = counted.filter(({ n }) => n > 0);
  const words = shown.map(({ outcome, n }) => `${n} ${OUTCOME_WORDS[outcome][n === 1 ? "word" : "plural"]}`);
  return words.join(", ") || "nothing";
}

/** The gravest first, otherwise as they are. */
export function gravestFirst(entries: readonly NightEntry[]): NightEntry[] {
  return [...entries].sort((a, b) => ORDER.indexOf(a.outcome) - ORDER.indexOf(b.outcome));
}

/** What to type to see it again; null when it never ran. */
export function againCommand({ experiment, image, system, runs, explored }: NightEntry): string | null {
  const [run] = runs;
  if (!run) return null;
  const words = explored
    ? ["explore", "--system", system, "--image", image, "--seed", run.seed]
    : ["run", experiment, "--system", system, "--image", image, "--seed", run.seed];
  return ["node", "harness/cli/kvchaos.mjs", ...words].map(shellWord).join(" ");
}

/** "12 m on all runners together, up to 3 experiments at a time". */
export function timeOfNight({ ms, jobs }: NightSum): string {
  const beside = jobs > 1 ? `, up to ${jobs} experiments at a time` : "";
  return `${formatTime(ms)} on all runners together${beside}`;
}
