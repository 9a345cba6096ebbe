import { isDeepStrictEqual } from "node:util";
import { ChaosError } from "../base/chaos-error.ts";
import { seededRandom } from "../base/random.ts";
import { Corpus } from "./corpus.ts";
import { maybe } from "./grammar/chance.ts";
import { draw, type Grammar, type Ground, groundOf } from "./grammar/draw.ts";
import type { Drawn } from "./grammar/drawn.ts";
import { lineOf } from "./grammar/log-lines.ts";
import { mutate } from "./grammar/mutate.ts";
import { type Bug, Ledger } from "./ledger.ts";

/** One finding of an experiment, as far as it is told apart from others. */
export interface Seen {
  signature: string;
  proved: boolean;
  /** The issue that is known for it. */
  known: string | null;
}

/** What an experiment came to. */
export interface Outcome {
  behaviour: ReadonlySet<string>;
  seen: readonly Seen[];
  /** The harness was starved, or the run broke: it counts for nothing. */
  void: boolean;
  /** Another experiment that needs the same cluster can have this one's at once. */
  leavesCluster?: boolean;
  /** How long it took, and how much of that was chaos; absent: nobody knows. ms */
  spent?: { all: number; chaos: number };
}

/** One experiment that was run. */
export interface Tried {
  number: number;
  document: Drawn;
  outcome: Outcome;
  /** What nobody had seen before. */
  fresh: readonly string[];
  /** Bugs that nobody had seen before. */
  firsts: readonly Bug[];
}

export interface Exploration {
  grammar: Grammar;
  seed: string;
  /** Experiments at a time. */
  jobs: number;
  /** false: every experiment is drawn anew, whatever the others showed. */
  guided: boolean;
  /** Could it be run? What is drawn need not fit together. */
  valid(document: Drawn): Promise<boolean>;
  run(document: Drawn, number: number): Promise<Outcome>;
  /** What is done about an experiment when it is over; the next one of its job begins after that. */
  onTried(tried: Tried): Promise<void>;
  /** No experiment begins any more. */
  over(): boolean;
  /** Experiments at most. */
  most?: number;
  corpus?: Corpus;
  ledger?: Ledger;
  /** Number of the first experiment. */
  first?: number;
}

/** How often an experiment is drawn anew although there is a corpus; and as long as that has few that could be changed. */
const FRESH = 0.3;
const FRESH_AT_FIRST = 0.75;
const FEW = 8;
/** How often the next one is for the cluster that the last one left: a new one takes as long as half of the chaos. */
const STAY = 0.85;
/** How often one is run although it leads to a bug that is known. */
const KNOWN_AGAIN = 0.15;
/** Draws until one fits together: nearly all do. */
const MOST_DRAWS = 500;

/**
 * Draws experiments, runs them, and lets what they show decide what is drawn next. With one job the same seed and the same outcomes give the
 * same experiments.
 */
export async function explore(exploration: Exploration): Promise<{ corpus: Corpus; ledger: Ledger }> {
  const {
    corpus = new Corpus(),
    ledger = new Ledger(),
    first = 1,
    most = Number.POSITIVE_INFINITY,
    jobs,
  } = exploration;
  let next = first;
  const job = async (): Promise<void> => {
    let left: Ground | null = null;
    while (!exploration.over() && next < first + most) {
      const number = next++;
      const document: Drawn = await drawValid(exploration, number, { corpus, ledger, left });
      const outcome = await exploration.run(document, number);
      left = outcome.leavesCluster ? groundOf(document) : null;
      const tried: Tried = { number, document, outcome, fresh: [], firsts: [] };
      if (outcome.void) await exploration.onTried(tried);
      else await exploration.onTried({ ...tried, ...note(tried, corpus, ledger) });
    }
  };
  await Promise.all(Array.from({ length: jobs }, job));
  return { corpus, ledger };
}

/** Takes in what an experiment showed. */
export function note(
  { number, document, outcome }: Pick<Tried, "number" | "document" | "outcome">,
  corpus: Corpus,
  ledger: Ledger,
): Pick<Tried, "fresh" | "firsts"> {
  const fresh = corpus.add(number, document, outcome.behaviour, outcome.seen.length > 0);
  const faults = kindsOf(document);
  const noted = outcome.seen.map(({ signature, proved, known }) =>
    ledger.note(signature, { experiment: number, proved, known, faults }),
  );
  return { fresh, firsts: noted.flatMap(({ bug, first }) => (first ? [bug] : [])) };
}

/** @param left the cluster that is there, and how its servers are configured */
async function drawValid(
  { grammar: plain, seed, guided, valid }: Exploration,
  number: number,
  { corpus, ledger, left }: { corpus: Corpus; ledger: Ledger; left: Ground | null },
): Promise<Drawn> {
  const lines = guided ? corpus.someLogLines.flatMap((line) => lineOf(line) ?? []) : [];
  const grammar = guided ? { ...plain, lines, tried: (kind: string) => corpus.timesMet(kind) } : { ...plain, lines };
  for (let attempt = 0; attempt < MOST_DRAWS; attempt++) {
    const random = seededRandom(`${seed}/${number}/${attempt}`);
    const ground = left !== null && maybe(random, STAY) ? left : null;
    const fits = ground && ((document: Drawn) => isDeepStrictEqual(groundOf(document), ground));
    const fresh = corpus.count(fits ?? undefined) < FEW ? FRESH_AT_FIRST : FRESH;
    const parent = guided && !maybe(random, fresh) ? corpus.pick(random, fits ?? undefined) : null;
    const other = parent && corpus.pick(random);
    const document =
      parent && other
        ? mutate(parent.document, other.document, grammar, random, ground !== null)
        : draw(grammar, random, ground);
    if (ledger.leadsToKnown(kindsOf(document)) && !maybe(random, KNOWN_AGAIN)) continue;
    if (await valid(document)) return document;
  }
  throw new ChaosError("usage", `none of ${MOST_DRAWS} experiments that were drawn fits together`, {
    hint: "Allow more kinds of faults, or another cluster.",
  });
}

export function kindsOf(document: Drawn): Set<string> {
  const faults = Array.isArray(document.faults) ? (document.faults as Drawn[]) : [];
  return new Set(faults.map(({ fault }) => String(fault)));
}
