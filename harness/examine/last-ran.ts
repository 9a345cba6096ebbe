import { hostProc, type ProcFiles } from "../forensics/proc-files.ts";

interface LastRun {
  cpu: number;
  /** ms of that processor's scheduler clock. */
  at: number;
}

/** Threads of the kernel that stay on one processor: "kworker/1:2", "ksoftirqd/0". */
const BOUND = /\/\d+(?::\S+)?$/;

/**
 * For how long each thread has not had a processor, ms, by its id: at least so long. The kernel notes when it had one last, where it is built
 * to tell (se.exec_start), in the time of that processor; a hypervisor takes away from it, so that processors differ. What the clock of one
 * shows now, the newest note of the kernel's own threads there tells, give or take the second or two between two of their turns. Threads of
 * which the kernel does not tell are left out.
 */
export function restTimes(
  threads: readonly { tid: number; pid: number }[],
  proc: ProcFiles = hostProc,
): Map<number, number> {
  const clocks = new Map<number, number>();
  const note = (run: LastRun | null): void => {
    if (run) clocks.set(run.cpu, Math.max(run.at, clocks.get(run.cpu) ?? 0));
  };
  if (lastRun("/proc/self", proc) === null) return new Map();
  const runs = threads.map(({ tid, pid }) => ({ tid, run: lastRun(`/proc/${pid}/task/${tid}`, proc) }));
  note(lastRun("/proc/self", proc));
  for (const name of proc.list("/proc"))
    if (/^\d+$/.test(name) && BOUND.test(proc.text(`/proc/${name}/comm`)?.trim() ?? ""))
      note(lastRun(`/proc/${name}`, proc));
  const times = new Map<number, number>();
  for (const { tid, run } of runs)
    if (run) times.set(tid, Math.max(0, Math.round((clocks.get(run.cpu) ?? run.at) - run.at)));
  return times;
}

/** stat(5) has the processor 36 fields after the state. */
const PROCESSOR = 36;

function lastRun(folder: string, proc: ProcFiles): LastRun | null {
  const at = /^se\.exec_start\s*:\s*([\d.]+)$/m.exec(proc.text(`${folder}/sched`) ?? "")?.[1];
  const stat = proc.text(`${folder}/stat`) ?? "";
  const cpu = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[PROCESSOR];
  return at === undefined || cpu === undefined ? null : { cpu: Number(cpu), at: Number(at) };
}
