import { printable } from "../base/escape.ts";
import { parseStat } from "../base/proc-stat.ts";
import { clip } from "../base/shorten.ts";
import { hostProc, type ProcFiles } from "../forensics/proc-files.ts";
import { linkTarget } from "../forensics/process.ts";

/*
 *   postmaster ─┬─ checkpointer          asked for any of them, all are looked at: they wait for each other
 *               ├─ backend  ◄── asked
 *               └─ archiver ─── sh ─── sleep
 */

/** A family, the oldest first, and how many are left out. */
export interface Family {
  pids: number[];
  more: number;
}

/** Each is looked at three times, every file of every thread. */
const MOST = 256;

/** Programs that start others and are no family with them. */
const SHELLS = /^(?:(?:ba|da|z|k|fi|a)?sh|busybox|tmux|screen|sudo|su|systemd|init|docker-init|tini)\b/;

/** All processes and who started them. */
function parents(proc: ProcFiles): Map<number, number> {
  const found = new Map<number, number>();
  for (const name of proc.list("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = parseStat(proc.text(`/proc/${name}/stat`) ?? "");
    if (stat) found.set(Number(name), stat.parent);
  }
  return found;
}

/**
 * The process that the one that was asked for belongs to (the postmaster of a backend: the same program, started by it), and all that
 * descends from it.
 */
export function familyOf(pid: number, proc: ProcFiles = hostProc): Family {
  const parentOf = parents(proc);
  let root = pid;
  for (let above = parentOf.get(root); above !== undefined && above > 1; above = parentOf.get(root)) {
    if (!isSameProgram(above, root, proc)) break;
    root = above;
  }
  const children = new Map<number, number[]>();
  for (const [one, parent] of parentOf) children.set(parent, [...(children.get(parent) ?? []), one]);
  const all = [root];
  // What is added while it runs is visited, too.
  for (const one of all) all.push(...(children.get(one) ?? []).sort((a, b) => a - b));
  const kept = all.slice(0, MOST);
  if (!kept.includes(pid)) kept[MOST - 1] = pid;
  return { pids: kept, more: all.length - kept.length };
}

function isSameProgram(above: number, below: number, proc: ProcFiles): boolean {
  const comm = (pid: number) => proc.text(`/proc/${pid}/comm`)?.trim();
  if (comm(above) !== comm(below) || SHELLS.test(comm(above) ?? "sh")) return false;
  return linkTarget(`/proc/${above}/exe`, proc) === linkTarget(`/proc/${below}/exe`, proc);
}

const LONGEST_TITLE = 48;

/** What a process calls itself: the words that it has written over its arguments, or else its name. */
export function titleOf(comm: string, cmdline: readonly string[]): string {
  const [first = ""] = cmdline;
  // Who writes a title leaves one "argument" with spaces in it, that begins with a word and a colon.
  const written = cmdline.length === 1 && /^[\w.-]+: /.test(first) ? first.trim() : "";
  return clip(printable(written === "" ? comm : written), LONGEST_TITLE);
}
