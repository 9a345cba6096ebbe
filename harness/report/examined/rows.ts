import { formatTime } from "../../base/units.ts";
import { describeEdge } from "../../forensics/wait-edges.ts";
import type { WaitEdge } from "../../journal/evidence-data.ts";
import type { Examination, ExaminedProcess } from "../../journal/examination.ts";

/* What the terminal, the page and the ticket tell in the same words. */

/** Those of a cycle first. */
export function sortedEdges({ graph }: Examination): WaitEdge[] {
  const inCycle = new Set(graph?.cycles.flat() ?? []);
  return [...(graph?.edges ?? [])].sort((a, b) => Number(inCycle.has(b.from)) - Number(inCycle.has(a.from)));
}

/** "worker 12 waits for the end of master-repl 13 (join), for 3:12 min" */
export function waitText(examination: Examination): (edge: WaitEdge) => string {
  const threads = new Map(examination.threads.map((thread) => [thread.tid, thread]));
  const name = (tid: number) => `${threads.get(tid)?.comm ?? "thread"} ${tid}`;
  return (edge) => {
    const thread = threads.get(edge.from);
    const inner = thread && thread.nsTid !== edge.from ? ` (${thread.nsTid} in its container)` : "";
    const rest = thread?.restedFor ? `, for ${formatTime(thread.restedFor)}` : "";
    return `${name(edge.from)}${inner} waits for ${describeEdge(edge, name)}${rest}`;
  };
}

export function processRow({
  pid,
  parent,
  title,
  state,
  age,
  threads,
  memory,
  io,
  pending,
}: ExaminedProcess): string[] {
  const bytes = io ? `${io.read}/${io.written}` : "";
  const rss = memory.VmRSS ?? "";
  return [
    String(pid),
    String(parent),
    title,
    state,
    String(threads),
    rss,
    bytes,
    age === null ? "" : formatTime(age),
    pending.join(" "),
  ];
}

export const PROCESS_HEAD = [
  "pid",
  "parent",
  "what",
  "state",
  "threads",
  "memory",
  "disk B r/w",
  "age",
  "signals waiting",
];
