import { randomInt } from "node:crypto";

/** One of several things that are run again and again. */
export interface Trial<E> {
  of: E;
  /** From 0. */
  round: number;
}

/** Every one once, then every one again, so many times (perhaps without end). */
export function* rounds<E>(all: readonly E[], count: number): Generator<Trial<E>, void> {
  for (let round = 0; round < count && all.length > 0; round++) for (const of of all) yield { of, round };
}

/** The seed of a round, given that of the first: "7", "7.2", "7.3". */
export function seedOfRound(first: string, round: number): string {
  return round === 0 ? first : `${first}.${round + 1}`;
}

/** For a user who names none. */
export function newSeed(): string {
  return String(randomInt(1, 1_000_000));
}
