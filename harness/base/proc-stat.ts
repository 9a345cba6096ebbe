import { printable } from "./escape.ts";

/** What /proc/<pid>/stat, or that of one of its threads, says (proc(5)). */
export interface ProcStat {
  comm: string;
  /** R running, S sleeping, D uninterruptible, T stopped, t traced, Z zombie. */
  state: string;
  /** The process that started it, or that has taken it over. */
  parent: number;
  userMs: number;
  systemMs: number;
  /** Clock ticks after boot: tells a process from a later one with the same id. */
  startTicks: number;
}

/** USER_HZ is 100 on every Linux that Node runs on. */
const MS_PER_TICK = 10;

type Four = [number, number, number, number];

/** The comm field may itself contain spaces and parentheses, so the last ")" ends it. null: it is no such text. */
export function parseStat(text: string): ProcStat | null {
  const open = text.indexOf("(");
  const close = text.lastIndexOf(")");
  if (open < 0 || close < open) return null;
  const rest = text.slice(close + 2).split(" ");
  const state = rest[0];
  const [parent, userTicks, systemTicks, startTicks] = [1, 11, 12, 19].map((at) => Number(rest[at])) as Four;
  if (!state || !Number.isFinite(parent + userTicks + systemTicks + startTicks)) return null;
  return {
    comm: printable(text.slice(open + 1, close)),
    state,
    parent,
    userMs: userTicks * MS_PER_TICK,
    systemMs: systemTicks * MS_PER_TICK,
    startTicks,
  };
}
