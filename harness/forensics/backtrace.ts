import { printable } from "../base/escape.ts";
import { groupBy } from "../base/group-by.ts";
import { foldFrames } from "../locks/names/fold-frames.ts";

/** One thread's stack as gdb prints it, innermost call first. */
export interface Backtrace {
  /** Thread id on the host. */
  tid: number;
  frames: string[];
}

/** Reads the output of `thread apply all bt`. Frames gdb has no name for become "??". */
export function parseBacktraces(text: string): Backtrace[] {
  const traces: Backtrace[] = [];
  for (const line of text.split("\n")) {
    const header = /^Thread \d+ \(.*?LWP (\d+)/.exec(line);
    if (header) traces.push({ tid: Number(header[1]), frames: [] });
    const frame = /^#\d+\s+(?:0x[0-9a-f]+ in )?(.+)$/.exec(line);
    if (frame?.[1]) traces.at(-1)?.frames.push(functionName(frame[1]));
  }
  return traces;
}

/** "reader (unused=...) at deadlock.c:65" → "reader"; names of C++ functions contain parentheses of their own. */
function functionName(frame: string): string {
  const call = frame.replace(/ (?:at|from) [^()]*$/, "");
  const end = call.lastIndexOf(" (");
  return printable(end > 0 ? call.slice(0, end) : call);
}

/** Stacks that are the same after folding, most frequent first. */
export function mergeStacks(traces: readonly Backtrace[]): { tids: number[]; frames: string[] }[] {
  const folded = traces.map(({ tid, frames }) => ({ tid, frames: foldFrames(frames) }));
  return [...groupBy(folded, ({ frames }) => frames.join("\n")).values()]
    .map((same) => ({ tids: same.map(({ tid }) => tid), frames: same[0]?.frames ?? [] }))
    .sort((a, b) => b.tids.length - a.tids.length);
}
