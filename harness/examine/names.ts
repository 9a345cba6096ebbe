import type { Clock } from "../base/clock.ts";
import { backtraceText, takeBacktraces } from "../forensics/gdb.ts";
import type { ThreadName } from "../forensics/wait-graph-text.ts";
import type { Examination } from "../journal/examination.ts";

/** ms for gdb, of each process: the symbols of a big program take most of it, and are read before it stops. */
const WITHIN = 30_000;
const DEPTH = 60;
/** Processes of a family that are stopped, one after the other. */
const MOST = 6;

export interface Names {
  gdb: NonNullable<Examination["gdb"]>;
  stacks: ReadonlyMap<number, readonly string[]>;
}

/**
 * Stacks with function names of the process that was asked for, and of those of its family that wait for others. Each stands still for a moment;
 * how long that was is measured from outside.
 */
export async function askForNames(
  asked: number,
  { graph, threads }: Pick<Examination, "graph" | "threads">,
  name: ThreadName,
  clock: Clock,
  signal: AbortSignal | undefined,
): Promise<Names> {
  const owner = new Map(threads.map(({ tid, pid }) => [tid, pid]));
  const waiting = (graph?.edges ?? []).flatMap(({ from, to }) => [from, ...(to.kind === "thread" ? [to.tid] : [])]);
  const pids = [...new Set([asked, ...waiting.flatMap((tid) => owner.get(tid) ?? [])])].slice(0, MOST);
  const stacks = new Map<number, readonly string[]>();
  const [texts, whys]: [string[], string[]] = [[], []];
  let stoppedMs = 0;
  for (const pid of pids) {
    const result = await takeBacktraces({ pid, clock, signal, within: WITHIN, depth: DEPTH });
    stoppedMs += result.stoppedMs;
    if (!result.taken) {
      whys.push(`${name(pid)}: ${result.why}`);
      continue;
    }
    texts.push(backtraceText(result, name));
    for (const { tid, frames } of result.traces) stacks.set(tid, frames);
  }
  return { gdb: { stoppedMs, why: whys.length > 0 ? whys.join("; ") : null, text: texts.join("\n") }, stacks };
}
