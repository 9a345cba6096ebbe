import { type Proportion, proportion } from "../../base/proportion.ts";
import { MET_STATES, type MetState, meeting } from "../behaviour.ts";
import type { Diary } from "../diary.ts";
import { DRAWN_FAULTS, NOT_DRAWN } from "../grammar/faults.ts";
import { type Standing, standingOf } from "../ledger.ts";

/** What the pages of an exploration tell. Times are ms since it began. */
export interface ExplorationSum {
  system: string;
  image: string;
  seed: string;
  experiments: number;
  /** Those that count for nothing: starved, or broken. */
  void: number;
  took: number;
  findings: FoundBug[];
  /** Kinds of behaviour seen by then, one point for each experiment that showed something new. */
  growth: { at: number; kinds: number }[];
  /** When it last showed something new. */
  flatSince: number;
  coverage: { fault: string; met: Record<MetState, number>; why: string | null }[];
}

export interface FoundBug {
  name: string;
  signature: string;
  standing: Standing;
  known: string | null;
  /** When it was first seen. */
  at: number;
  experiments: number;
  again: Proportion | null;
  shrunk: boolean;
}

const ORDER: readonly Standing[] = ["proved", "came back", "seen once"];

/** @param wanted kinds of faults that it may draw */
export function sumOf({ head, lines, ledger }: Diary, wanted: readonly string[]): ExplorationSum {
  const texts: string[] = [];
  const met = new Map<string, number>();
  const growth: ExplorationSum["growth"] = [];
  for (const { at, fresh, shown } of lines) {
    texts.push(...fresh);
    for (const place of shown) met.set(texts[place] as string, (met.get(texts[place] as string) ?? 0) + 1);
    if (fresh.length > 0) growth.push({ at, kinds: texts.length });
  }
  const findings = ledger.bugs.map((bug): FoundBug => {
    const { name, signature, known, experiments, again, kinds } = bug;
    const at = lines.find(({ number }) => number === experiments[0])?.at ?? 0;
    const back = again && proportion(again.shown, again.of);
    return {
      name,
      signature,
      standing: standingOf(bug),
      known,
      at,
      experiments: experiments.length,
      again: back,
      shrunk: kinds !== null,
    };
  });
  return {
    ...head,
    experiments: lines.length,
    void: lines.filter((line) => line.void).length,
    took: lines.at(-1)?.at ?? 0,
    findings: findings.sort((a, b) => ORDER.indexOf(a.standing) - ORDER.indexOf(b.standing) || a.at - b.at),
    growth,
    flatSince: growth.at(-1)?.at ?? 0,
    coverage: coverageOf(met, wanted),
  };
}

function coverageOf(met: ReadonlyMap<string, number>, wanted: readonly string[]): ExplorationSum["coverage"] {
  const drawn = Object.keys(DRAWN_FAULTS).map((fault) => {
    const states = Object.fromEntries(
      MET_STATES.map((state) => [state, met.get(meeting(fault, state)) ?? 0]),
    ) as Record<MetState, number>;
    return { fault, met: states, why: whyNot(fault, states, wanted) };
  });
  const none = Object.fromEntries(MET_STATES.map((state) => [state, 0])) as Record<MetState, number>;
  return [
    ...drawn,
    ...Object.entries(NOT_DRAWN).map(([fault, why]) => ({ fault, met: none, why: `not drawn: ${why}` })),
  ];
}

function whyNot(fault: string, met: Record<MetState, number>, wanted: readonly string[]): string | null {
  if (!wanted.includes(fault)) return "left out by the user";
  const missing = MET_STATES.filter((state) => met[state] === 0);
  if (missing.length === 0) return null;
  if (missing.length === MET_STATES.length) return "never drawn, or it never came to its trigger";
  return `never came during ${missing.join(", ")}`;
}
