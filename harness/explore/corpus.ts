import type { Random } from "../base/random.ts";
import { MET_STATES, meeting } from "./behaviour.ts";
import { weighted } from "./grammar/chance.ts";
import type { Drawn } from "./grammar/drawn.ts";

export interface Member {
  /** Number of the experiment. */
  number: number;
  document: Drawn;
  behaviour: readonly string[];
  /** It showed a bug: so would most of what is made of it. */
  showedBug: boolean;
  /** How often it was taken for a parent. */
  taken: number;
}

/** What behaviour.ts calls a line of a log. */
const LOG = "log ";
/** Of all experiments. */
const MOST_OFTEN = 0.6;
/** What is made of an experiment that showed a bug mostly shows it again, which takes long and tells nothing. */
const AFTER_A_BUG = 0.1;

/**
 * The experiments that showed something new, and how often everything was seen. What shows rare behaviour is taken more often: its
 * neighbourhood is the least known.
 */
export class Corpus {
  readonly #members: Member[] = [];
  readonly #seen = new Map<string, number>();
  #experiments = 0;

  get members(): readonly Member[] {
    return this.#members;
  }

  /** Kinds of behaviour that were seen. */
  get size(): number {
    return this.#seen.size;
  }

  /** Of log templates, those that some experiments showed and others did not: what all show says nothing of when. */
  get someLogLines(): string[] {
    const experiments = this.#experiments;
    return [...this.#seen].flatMap(([one, times]) =>
      one.startsWith(LOG) && times > 1 && times < experiments * MOST_OFTEN ? [one.slice(LOG.length)] : [],
    );
  }

  timesSeen(one: string): number {
    return this.#seen.get(one) ?? 0;
  }

  /** Experiments and states of servers in which a kind of fault came. */
  timesMet(fault: string): number {
    return MET_STATES.reduce((sum, state) => sum + this.timesSeen(meeting(fault, state)), 0);
  }

  /** Counts what an experiment showed, and keeps it if some of that is new. Returns what is. */
  add(number: number, document: Drawn, behaviour: ReadonlySet<string>, showedBug = false): string[] {
    const fresh = [...behaviour].filter((one) => !this.#seen.has(one));
    this.#experiments++;
    for (const one of behaviour) this.#seen.set(one, this.timesSeen(one) + 1);
    // What was carried from another night may be its counts alone.
    const whole = Object.keys(document).length > 0;
    if (fresh.length > 0 && whole)
      this.#members.push({ number, document, behaviour: [...behaviour], showedBug, taken: 0 });
    return fresh;
  }

  /** @param fits only these */
  count(fits: (document: Drawn) => boolean = () => true): number {
    return this.#members.filter(({ document }) => fits(document)).length;
  }

  /** @param fits only among these. null: there is none yet. */
  pick(random: Random, fits: (document: Drawn) => boolean = () => true): Member | null {
    const members = this.#members.filter(({ document }) => fits(document));
    if (members.length === 0) return null;
    const member = weighted(
      random,
      members.map((one) => [one, this.#energy(one)] as const),
    );
    member.taken++;
    return member;
  }

  #energy({ behaviour, taken, showedBug }: Member): number {
    const rare = behaviour.reduce((sum, one) => sum + 1 / this.timesSeen(one) ** 2, 0);
    return ((0.01 + rare) / (1 + taken)) * (showedBug ? AFTER_A_BUG : 1);
  }
}
