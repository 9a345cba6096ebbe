import { messageOf } from "../../base/chaos-error.ts";
import type { Clock } from "../../base/clock.ts";
import { proportion, proportionText } from "../../base/proportion.ts";
import { formatDuration } from "../../base/units.ts";
import { kindOf } from "../../journal/finding.ts";
import { type Campaign, series } from "../campaign/series.ts";
import { type Expectation, expectationOf, expectationText, judge } from "./expectation.ts";
import { mostTime, type NightJob } from "./jobs.ts";
import type { NightEntry, NightRun } from "./record.ts";

/** A surprise is asked again so often with the same plan: often enough to tell a rare one from one that is always there. */
const AGAIN = 3;

export interface NightRunnerOptions extends Pick<Campaign<NightJob, unknown>, "signal"> {
  /** One of a job with the night's seed; before it, runs that do not count. */
  run(job: NightJob): Promise<NightRun[]>;
  clock: Clock;
  /** How long the night may take from here on, ms (perhaps without end). */
  budget: number;
  /** Why the job's image cannot be used; null when it is on this machine. */
  absent(job: NightJob): Promise<string | null>;
}

type Judged = Pick<NightEntry, "outcome" | "reasons" | "runs" | "again">;

/*
 *   image there? time left? ─► run ─► as expected ─────────────────────────────► entry
 *                                 └► a surprise ─► the same plan, up to 3 times ─┘   (k of n, never silently dropped)
 */

/** Runs the jobs of a night, several at a time where they are asked for so, and says what became of each. */
export class NightRunner {
  readonly #options: NightRunnerOptions;
  /** When the time is over, on the night's clock. */
  readonly #end: number;

  constructor(options: NightRunnerOptions) {
    this.#options = options;
    this.#end = options.clock.now() + options.budget;
  }

  /** Never rejects. */
  async job(job: NightJob): Promise<NightEntry> {
    const { clock, signal } = this.#options;
    const started = clock.now();
    const entry = blankEntry(job);
    try {
      const skip = await this.#skip(job);
      if (skip !== null) return { ...entry, outcome: "skipped", reasons: [skip] };
      return { ...entry, ...(await this.#judged(job)), ms: clock.now() - started };
    } catch (error) {
      const outcome = signal.aborted ? "not-run" : "error";
      return { ...entry, outcome, reasons: [messageOf(error)], ms: clock.now() - started };
    }
  }

  async #skip(job: NightJob): Promise<string | null> {
    const { clock, budget } = this.#options;
    const absent = await this.#options.absent(job);
    if (absent !== null || !this.#late(job)) return absent;
    const left = Math.max(0, this.#end - clock.now());
    return `it does not fit in the budget of ${formatDuration(budget)}: ${rounded(left)} left, it may take ${rounded(mostTime(job))}`;
  }

  #late(job: NightJob): boolean {
    return this.#options.clock.now() + mostTime(job) > this.#end;
  }

  async #judged(job: NightJob): Promise<Judged> {
    const expected = expectationOf(job.experiment, job.image);
    const runs = await this.#options.run(job);
    const first = runs.at(-1) as NightRun;
    const outcome = judge(expected, first);
    if (outcome === "fail") return failedAgain(expected, first, [...runs, ...(await this.#again(job))]);
    if (outcome === "not-reproduced") return shownAgain(expected, [...runs, ...(await this.#again(job))]);
    const reasons =
      outcome === "known-bug" ? [`as expected: ${first.reasons[0] ?? expectationText(expected)}`] : first.reasons;
    return { outcome, reasons: [...reasons], runs, again: null };
  }

  async #again(job: NightJob): Promise<NightRun[]> {
    const { run, signal } = this.#options;
    const again = Array<NightJob>(AGAIN).fill(job);
    const campaign = { run: (one: NightJob) => run(one), late: (one: NightJob) => this.#late(one), signal };
    return (await series(again, campaign)).results.flat();
  }
}

/** A failure stays one however rarely it comes back; how often is what the reader needs to know. */
function failedAgain(expected: Expectation, first: NightRun, runs: NightRun[]): Judged {
  const kinds = new Set(first.findings.map(kindOf));
  const more = runs.slice(runs.indexOf(first) + 1);
  const known = more.filter(conclusive);
  // A check can fail without a finding: then any failure is the same one.
  const same = known.filter(
    (run) => run.verdict === "fail" && (kinds.size === 0 || run.findings.some((one) => kinds.has(kindOf(one)))),
  );
  const again = proportion(same.length, known.length);
  const other =
    expected.kind === "finding" ? `${expectationText(expected)} was expected, and something else was found` : [];
  const count =
    known.length > 0
      ? `with the same plan it came back in ${proportionText(again)} further runs`
      : `it could not be asked again: ${more.length > 0 ? "every further run was inconclusive" : "the time was over"}`;
  return { outcome: "fail", reasons: [other, first.reasons, count].flat(), runs, again };
}

/** A known bug may need luck: it counts as there when any run of the same plan shows it. */
function shownAgain(expected: Expectation, runs: NightRun[]): Judged {
  const known = runs.filter(conclusive);
  const shown = known.filter((run) => judge(expected, run) === "known-bug");
  const again = proportion(shown.length, known.length);
  const text = `${expectationText(expected)} showed in ${proportionText(again)} runs of the same plan`;
  if (shown.length > 0) return { outcome: "known-bug", reasons: [text], runs, again };
  const other = known.find((run) => run.verdict === "fail");
  if (other) return { outcome: "fail", reasons: [...other.reasons, text], runs, again };
  const hint = "fixed, or the experiment no longer provokes it";
  return { outcome: "not-reproduced", reasons: [`${text}: ${hint}`], runs, again };
}

/** A job before its turn: what stays in the record when the runner is killed. */
export function blankEntry({ experiment, file, system, image }: NightJob): NightEntry {
  const { title, issue } = experiment;
  const expects = expectationText(expectationOf(experiment, image));
  const reasons = ["the runner ended before it came to this"];
  const about = { experiment: file, title, issue, system, image, expects };
  return { ...about, outcome: "not-run", reasons, ms: 0, runs: [], again: null };
}
const conclusive = ({ verdict, counts }: NightRun): boolean =>
  counts !== false && (verdict === "pass" || verdict === "fail");
const rounded = (ms: number): string => formatDuration(Math.round(ms / 1000) * 1000);
