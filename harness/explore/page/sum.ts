import { type Proportion, proportion } from "../../base/proportion.ts";
import { counted, formatTime } from "../../base/units.ts";
import { MET_STATES, type MetState, meeting } from "../behaviour.ts";
import type { Diary } from "../diary.ts";
import { kindsOf } from "../explorer.ts";
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
  /** Of the time of all experiments, how much was chaos, from 0 to 1; null: none has told. */
  chaos: number | null;
  findings: FoundBug[];
  /** Kinds of behaviour seen by then, one point for each experiment that showed something new. */
  growth: { at: number; kinds: number }[];
  /** When it last showed something new. */
  flatSince: number;
  /** When nine tenths of it had been seen. */
  mostSeen: number;
  coverage: CoveredFault[];
  /** Experiments in which some server was in that state, whatever came then. */
  states: Record<MetState, number>;
  /** Kinds that no exploration draws. */
  notDrawn: { fault: string; why: string }[];
}

/** A kind of fault that may be drawn. */
interface CoveredFault {
  fault: string;
  /** Experiments that count and had it, whether it came to its trigger or not. */
  drawn: number;
  /** Experiments in which it came while some server was in that state. */
  met: Record<MetState, number>;
  /** What was never reached, and why; null: it came in every state. */
  why: string | null;
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
export function sumOf({ head, lines, ledger, shareOfChaos: chaos }: Diary, wanted: readonly string[]): ExplorationSum {
  const texts: string[] = [];
  const met = new Map<string, number>();
  const drawn = new Map<string, number>();
  const states = byState(() => 0);
  const growth: ExplorationSum["growth"] = [];
  for (const { at, fresh, shown, document, void: isVoid } of lines) {
    texts.push(...fresh);
    const behaviour = shown.map((place) => texts[place] as string);
    for (const one of behaviour) add(met, one);
    if (!isVoid) for (const kind of kindsOf(document)) add(drawn, kind);
    for (const state of MET_STATES) if (behaviour.some((one) => tellsOf(one, state))) states[state]++;
    if (fresh.length > 0) growth.push({ at, kinds: texts.length });
  }
  const findings = ledger.bugs.map((bug): FoundBug => {
    const { name, signature, known, experiments, again, kinds } = bug;
    const at = lines.find(({ number }) => number === experiments[0])?.at ?? 0;
    const back = again && again.of > 0 ? proportion(again.shown, again.of) : null;
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
    chaos,
    findings: findings.sort((a, b) => ORDER.indexOf(a.standing) - ORDER.indexOf(b.standing) || a.at - b.at),
    growth,
    flatSince: growth.at(-1)?.at ?? 0,
    mostSeen: growth.find(({ kinds }) => kinds >= 0.9 * texts.length)?.at ?? 0,
    coverage: Object.keys(DRAWN_FAULTS).map((fault) => {
      const times = byState((state) => met.get(meeting(fault, state)) ?? 0);
      const experiments = drawn.get(fault) ?? 0;
      return { fault, drawn: experiments, met: times, why: whyNot(fault, experiments, times, states, wanted) };
    }),
    states,
    notDrawn: Object.entries(NOT_DRAWN).map(([fault, why]) => ({ fault, why })),
  };
}

/** "2:10 min, 40 experiments an hour, 61 % of their time chaos; 3 of them count for nothing, …" */
export function paceText({ took, experiments, chaos, void: lost }: ExplorationSum): string {
  const hourly = Math.round(experiments / Math.max(took / 3_600_000, 1 / 60));
  const share = chaos === null ? "" : `, ${Math.round(chaos * 100)} % of their time chaos`;
  const none = lost === 0 ? "" : `; for nothing: ${lost}, since the machine was starved or the run broke`;
  return `${formatTime(took)}, ${hourly} experiments an hour${share}${none}`;
}

/** Until when it showed something new. */
export function growthText({ growth, flatSince, mostSeen, took }: ExplorationSum): string {
  const kinds = counted(growth.at(-1)?.kinds ?? 0, "kind");
  if (growth.length === 0) return `${kinds} of behaviour`;
  const flat =
    took > flatSince
      ? `nothing new since ${formatTime(flatSince)}, which is flat for ${formatTime(took - flatSince)}`
      : "the last experiment still showed something new";
  return `${kinds} of behaviour, nine tenths of them by ${formatTime(mostSeen)}; ${flat}`;
}

function byState<T>(of: (state: MetState) => T): Record<MetState, T> {
  return Object.fromEntries(MET_STATES.map((state) => [state, of(state)])) as Record<MetState, T>;
}

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** Does it tell that some server was in that state? */
function tellsOf(behaviour: string, state: MetState): boolean {
  if (behaviour.endsWith(` during ${state}`)) return true;
  if (!behaviour.startsWith("state ")) return state === "full-sync" && behaviour.startsWith("full-sync ");
  const words = behaviour.split(" ");
  if (state === "loading") return words.includes("loading");
  if (state === "full-sync") return words.includes("syncing");
  return state === "link-down" ? words.includes("down") : false;
}

function whyNot(
  fault: string,
  drawn: number,
  met: Record<MetState, number>,
  states: Record<MetState, number>,
  wanted: readonly string[],
): string | null {
  if (drawn === 0) {
    return wanted.includes(fault) ? "never drawn so far" : "left out: --only, --without, or the system has none";
  }
  const missing = MET_STATES.filter((state) => met[state] === 0);
  if (missing.length === 0) return null;
  if (missing.length === MET_STATES.length)
    return `in ${counted(drawn, "experiment")}, but never injected: its trigger did not come`;
  const never = missing.filter((state) => states[state] === 0 && state !== "calm");
  const reached = missing.filter((state) => !never.includes(state));
  return [
    reached.length > 0 && `not during ${reached.join(", ")}`,
    never.length > 0 && `no server was ever in ${never.join(", ")}`,
  ]
    .filter((text) => text !== false)
    .join("; ");
}
