import { groupBy } from "../base/group-by.ts";
import { parseStat } from "../base/proc-stat.ts";
import { hostProc } from "../forensics/proc-files.ts";
import type { ThreadSnapshot } from "../forensics/process.ts";
import { syscallName } from "../forensics/syscalls.ts";
import type { WaitEdge } from "../journal/evidence-data.ts";

const WAIT4 = 61;
const WAITID = 247;
const P_PID = 1;

interface Looked {
  pid: number;
  threads: readonly ThreadSnapshot[];
}

/**
 * Who waits for the end of a child: of the one that is named, or, where a process of one thread waits for any, of the only one it has. It is a
 * weak wait where the child has several threads, since any of them may end it.
 */
export function childWaits(family: readonly Looked[]): WaitEdge[] {
  const leaders = family.flatMap(({ pid, threads }) => {
    const leader = threads.find(({ tid }) => tid === pid);
    return leader ? [{ pid, nsTid: leader.nsTid, alone: threads.length === 1, parent: parentOf(pid) }] : [];
  });
  const children = groupBy(leaders, ({ parent }) => parent);
  return family.flatMap(({ pid, threads }) =>
    threads.flatMap(({ tid, syscall }): WaitEdge[] => {
      if (syscall?.kind !== "in" || (syscall.number !== WAIT4 && syscall.number !== WAITID)) return [];
      const own = children.get(pid) ?? [];
      const [first = 0, second = 0] = syscall.args;
      const named = syscall.number === WAIT4 ? first | 0 : first === P_PID ? second | 0 : -1;
      const child = named > 0 ? own.find(({ nsTid }) => nsTid === named) : own.length === 1 ? own[0] : undefined;
      if (!child || (named <= 0 && threads.length > 1)) return [];
      const to = { kind: "thread", tid: child.pid } as const;
      const wait = { from: tid, kind: "child", address: `process ${child.pid}`, to, timed: false } as const;
      return [{ ...wait, call: syscallName(syscall.number), ...(child.alone ? {} : { weak: true }) }];
    }),
  );
}

const parentOf = (pid: number): number => parseStat(hostProc.text(`/proc/${pid}/stat`) ?? "")?.parent ?? 0;
