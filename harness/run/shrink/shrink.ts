import { createHash } from "node:crypto";
import type { Plan } from "../../journal/plan.ts";
import type { Attempt } from "../campaign/attempts.ts";
import { type Campaign, series } from "../campaign/series.ts";
import type { Document, Proposal } from "./document.ts";
import { moreOften } from "./more-often.ts";
import { reductions } from "./reductions.ts";
import { type Counted, type Hypotheses, hypothesesOf, judged, runsToDecide } from "./sequential-test.ts";

/** How one run of a proposal ended. "unknown": it says nothing (starved, broken). */
export interface Tried {
  /** The same for the same document. */
  key: string;
  what: string;
  outcome: "failed" | "passed" | "unknown";
}

export interface Search<R extends Attempt> {
  /** What a document becomes; null: it is no experiment, and is not tried. */
  planOf(document: Document): Promise<Plan | null>;
  /** Does this run show the failure that is looked for? */
  shows(attempt: R): boolean;
  /** Ids of the faults that had come when it began, in that order; null: nobody knows. */
  came?(attempt: R): Promise<readonly string[] | null>;
  /** Runs of an earlier search, which are not made again. */
  earlier: readonly Tried[];
  onTried(tried: Tried, document: Document): void;
}

export interface Shrunk {
  /** The smallest experiment that still fails; null: the whole one did not fail again. */
  smallest: Document | null;
  /** How often the whole one and the smallest failed. */
  whole: Counted;
  counted: Counted;
  /** Runs that were made, those of an earlier search aside. */
  runs: number;
  /** False: the time was over, or it was interrupted, before everything had been tried. */
  complete: boolean;
}

/** The chance of a mistake about one proposal, and about one whose mistake would stay. */
const MISTAKES = 0.05;
const ROUGH_MISTAKES = 0.15;
const RARE_MISTAKES = 0.01;
/** Runs of the whole before anything is tried, and failures among them that are enough. */
const WHOLE_RUNS = 10;
const WHOLE_FAILURES = 3;
/** Runs of the smallest, for the share of them that fails. */
const LAST_RUNS = 10;
/** A proposal that fails neither often nor rarely counts as one that does not. */
const MOST_RUNS = 40;
/** Runs of one proposal that may say nothing. */
const MOST_UNKNOWN = 3;

/** Of its runs, so many are to fail, if that can be had with as many faults. */
const NEARLY_ALWAYS = 0.9;
const SURE: Hypotheses = { rare: 0.6, often: 0.95, falseFailing: MISTAKES, falsePassing: MISTAKES };

type Counts = Counted & { unknown: number };

/** There is no time for more runs, or nobody wants them. */
class Over extends Error {}

/**
 * Looks for the smallest experiment that still fails, by running smaller and smaller ones: fewer faults, nodes, loads and settings, less data,
 * shorter and rounder times. A failure that comes and goes is no matter of luck: a proposal is run until a sequential test tells with stated
 * chances of a mistake whether it fails about as often as the whole.
 */
export async function shrink<R extends Attempt>(
  start: Document,
  search: Search<R>,
  campaign: Campaign<Plan, R>,
): Promise<Shrunk> {
  const runner = new Runner(search, campaign);
  let smallest: Document | null = null;
  let complete = true;
  const whole = (): Counted => runner.counts(start);
  try {
    await runner.run({ document: start, what: "the whole" }, ({ failed, passed }) => {
      return failed >= WHOLE_FAILURES || failed + passed >= WHOLE_RUNS ? 0 : WHOLE_FAILURES - failed;
    });
    if (whole().failed > 0) {
      const refuted = new Set<string>();
      // What was taken for failing and then does not is out of the question, and the search goes the other way there.
      do smallest = await walk(start, runner, refuted, (best) => (smallest = best));
      while (!(await isConfirmed(smallest, start, runner, refuted)));
      smallest = await surest(smallest, runner);
    }
  } catch (error) {
    if (!(error instanceof Over)) throw error;
    complete = false;
  }
  const last = smallest ?? start;
  return {
    smallest: whole().failed > 0 ? last : null,
    whole: whole(),
    counted: runner.counts(last),
    runs: runner.made,
    complete,
  };
}

/** From one proposal that fails to the next smaller one. */
async function walk(
  start: Document,
  runner: Pick<Runner<Attempt>, "planOf" | "fails" | "came">,
  refuted: ReadonlySet<string>,
  onBest: (best: Document) => void,
): Promise<Document> {
  const plans = new Map<string, Plan | null>();
  // The generator asks for plans of documents that were read before they were tried.
  const steps = reductions(start, (document) => plans.get(keyOf(document)) ?? null, runner.came);
  plans.set(keyOf(start), await runner.planOf(start));
  let step = steps.next();
  while (!step.done) {
    const { document } = step.value;
    const key = keyOf(document);
    const plan = await runner.planOf(document);
    plans.set(key, plan);
    const fails = plan !== null && !refuted.has(key) && (await runner.fails(step.value, start));
    if (fails) onBest(document);
    step = steps.next(fails);
  }
  return step.value;
}

async function isConfirmed(
  smallest: Document,
  start: Document,
  runner: Pick<Runner<Attempt>, "run" | "counts">,
  refuted: Set<string>,
): Promise<boolean> {
  const counts = await runner.run(
    { document: smallest, what: "the smallest" },
    ({ failed, passed }) => LAST_RUNS - failed - passed,
  );
  const verdict = judged(counts, hypothesesOf(runner.counts(start), RARE_MISTAKES));
  if (verdict !== "passes" || smallest === start) return true;
  refuted.add(keyOf(smallest));
  return false;
}

/** What is small, and fails too seldom to be of use to anybody, with its faults more often: as long as that helps. */
async function surest(
  smallest: Document,
  runner: Pick<Runner<Attempt>, "run" | "counts" | "failsNearlyAlways">,
): Promise<Document> {
  const share = (document: Document): number => shareOf(runner.counts(document));
  let best = smallest;
  for (const proposal of moreOften(smallest)) {
    if (share(best) >= NEARLY_ALWAYS) break;
    if (!(await runner.failsNearlyAlways(proposal))) continue;
    await runner.run(proposal, ({ failed, passed }) => LAST_RUNS - failed - passed);
    if (share(proposal.document) > share(best)) best = proposal.document;
  }
  return best;
}

const shareOf = ({ failed, passed }: Counted): number => failed / Math.max(1, failed + passed);

/** Runs proposals, and remembers how each run ended. */
class Runner<R extends Attempt> {
  readonly #counts = new Map<string, Counts>();
  readonly #plans = new Map<string, Promise<Plan | null>>();
  readonly #search: Search<R>;
  readonly #campaign: Campaign<Plan, R>;
  made = 0;
  /** Of the failure for which the fewest faults had come: of no other is less to be left out. */
  came: readonly string[] = [];

  constructor(search: Search<R>, campaign: Campaign<Plan, R>) {
    this.#search = search;
    this.#campaign = campaign;
    for (const one of search.earlier) this.#count(one);
  }

  counts(document: Document): Counts {
    return this.#counts.get(keyOf(document)) ?? { failed: 0, passed: 0, unknown: 0 };
  }

  planOf(document: Document): Promise<Plan | null> {
    const key = keyOf(document);
    const plan = this.#plans.get(key) ?? this.#search.planOf(document);
    this.#plans.set(key, plan);
    return plan;
  }

  /** Does it fail about as often as the whole? */
  async fails(proposal: Proposal, whole: Document): Promise<boolean> {
    const mistakes = proposal.sure ? RARE_MISTAKES : proposal.rough ? ROUGH_MISTAKES : MISTAKES;
    return this.#isJudged(proposal, hypothesesOf(this.counts(whole), mistakes));
  }

  async failsNearlyAlways(proposal: Proposal): Promise<boolean> {
    return this.#isJudged(proposal, SURE);
  }

  async #isJudged(proposal: Proposal, hypotheses: Hypotheses): Promise<boolean> {
    const counts = await this.run(proposal, (counted) => {
      const most = MOST_RUNS - counted.failed - counted.passed;
      return judged(counted, hypotheses) === null ? Math.min(most, runsToDecide(counted, hypotheses)) : 0;
    });
    return judged(counts, hypotheses) === "fails";
  }

  /**
   * Runs it again and again. Several at once count together when all have ended: those that fail are over sooner than others, and would have
   * more weight. @param wanted further runs; 0 or less: that is enough
   */
  async run({ document, what }: Proposal, wanted: (counts: Counted) => number): Promise<Counts> {
    const { jobs = 1 } = this.#campaign;
    const key = keyOf(document);
    for (;;) {
      const counts = this.counts(document);
      const more = Math.min(jobs, wanted(counts));
      if (more <= 0 || counts.unknown >= MOST_UNKNOWN) return counts;
      const plan = await this.planOf(document);
      if (!plan) return counts;
      const { results, end } = await series(Array<Plan>(more).fill(plan), this.#campaign);
      for (const attempt of results) {
        if (attempt.verdict === "interrupted") continue;
        const tried: Tried = { key, what, outcome: this.#outcomeOf(attempt) };
        this.made++;
        this.#count(tried);
        this.#search.onTried(tried, document);
        if (tried.outcome === "failed") await this.#learn(attempt);
      }
      if (end.kind !== "all") throw new Over();
    }
  }

  async #learn(attempt: R): Promise<void> {
    const came = (await this.#search.came?.(attempt)) ?? [];
    if (came.length > 0 && (this.came.length === 0 || came.length < this.came.length)) this.came = came;
  }

  #outcomeOf(attempt: R): Tried["outcome"] {
    if (this.#search.shows(attempt)) return "failed";
    return attempt.verdict === "pass" || attempt.verdict === "fail" ? "passed" : "unknown";
  }

  #count({ key, outcome }: Tried): void {
    const counts = this.#counts.get(key) ?? { failed: 0, passed: 0, unknown: 0 };
    this.#counts.set(key, { ...counts, [outcome]: counts[outcome] + 1 });
  }
}

/** The same for the same document. */
export function keyOf(document: Document): string {
  return createHash("sha256").update(JSON.stringify(document)).digest("hex").slice(0, 16);
}
