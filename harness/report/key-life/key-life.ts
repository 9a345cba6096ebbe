import { formatSeconds } from "../../base/units.ts";
import type { Finding } from "../../journal/events.ts";
import type { LifeMoment, WrongCell } from "../../journal/finding-detail.ts";

/** One moment of a key's life with the number that joins picture, table and text. */
export interface NumberedMoment extends LifeMoment {
  number: number;
}

/** What a data finding tells about the key that it is about. */
export interface KeyLife {
  key: string;
  /** Member of a sorted set or field of a hash; null for a string. */
  element: string | null;
  /** In order of time. */
  moments: readonly NumberedMoment[];
  /** How many moments the finding brought, kept or not. */
  total: number;
}

/** A life of thousands of moments is one of a hot key: what contradicts, and what lies around it, is what a reader needs. */
const MOST_MOMENTS = 400;

/** The life of the key that a finding is about (`detail.life`); null when it carries none. */
export function keyLifeOf({ detail }: Pick<Finding, "detail">, most = MOST_MOMENTS): KeyLife | null {
  if (!detail?.life?.length) return null;
  const { key, element, life } = detail;
  const all = [...life]
    .sort((a, b) => a.from - b.from || (a.to ?? Infinity) - (b.to ?? Infinity))
    .map((moment, i): NumberedMoment => ({ ...moment, number: i + 1 }));
  return {
    key,
    element,
    moments: nearest(all, most),
    total: all.length,
  };
}

/** The places at which a finding was seen: how many in all (`detail.count`), and the first ones (`detail.cells`). */
export function wrongCellsOf({ detail }: Pick<Finding, "detail">): { cells: readonly WrongCell[]; count: number } {
  const cells = detail?.cells ?? [];
  return { cells, count: detail?.count ?? cells.length };
}

/** The contradicting moments first, then those closest to them in time; what was done to the cluster before other operations. */
export function nearest(all: readonly NumberedMoment[], most: number): NumberedMoment[] {
  if (all.length <= most) return [...all];
  const marks = all.filter(({ marked }) => marked).map(({ from }) => from);
  const away = ({ from }: NumberedMoment) => Math.min(...marks.map((mark) => Math.abs(mark - from)), Infinity);
  const rank = (moment: NumberedMoment) => (moment.marked ? -2 : onCluster(moment) ? -1 : 0);
  const chosen = all
    .map((moment) => ({ moment, rank: rank(moment), away: away(moment) }))
    .sort((a, b) => a.rank - b.rank || a.away - b.away)
    .slice(0, most);
  return chosen.map(({ moment }) => moment).sort((a, b) => a.number - b.number);
}

/** Done to the cluster, not asked of the key: a band over all lanes. */
export function onCluster({ what }: Pick<LifeMoment, "what">): boolean {
  return what === "flush" || what === "switch" || what === "kill" || what === "fault";
}

const WHAT: Record<LifeMoment["what"], string> = {
  write: "write",
  read: "read",
  deadline: "deadline",
  "final-read": "final read",
  flush: "flush",
  "flush-effect": "flush seen",
  switch: "master switch",
  kill: "kill",
  fault: "fault",
};

/** What happened, in words. */
export function whatText({ what }: Pick<LifeMoment, "what">): string {
  return WHAT[what];
}

/** How it ended, in words: nobody knows, refused, never answered. */
export function outcomeText({ outcome, to }: Pick<LifeMoment, "outcome" | "to">): string {
  if (outcome === "fail") return "failed";
  if (outcome === "info") return to === null ? "never answered" : "unknown";
  return "ok";
}

/** "12.304 s – 12.310 s" */
export function whenText({ from, to }: Pick<LifeMoment, "from" | "to">): string {
  if (to === null) return `${formatSeconds(from, 3)} – ?`;
  const [begin, end] = [formatSeconds(from, 3), formatSeconds(to, 3)];
  return begin === end ? begin : `${begin} – ${end}`;
}

/** The key as a heading: "set:17", or "zset:4, element:3". */
export function keyText({ key, element }: Pick<KeyLife, "key" | "element">): string {
  return element === null ? key : `${key}, ${element}`;
}
