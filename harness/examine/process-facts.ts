import { uptime } from "node:os";
import { parseStat } from "../base/proc-stat.ts";
import { hostProc } from "../forensics/proc-files.ts";
import { innerId, parseStatus } from "../forensics/proc-text.ts";
import { isFrozen, readProcess } from "../forensics/process.ts";
import type { ExaminedProcess } from "../journal/examination.ts";
import { titleOf } from "./family.ts";

/** What is known of a process but what it reads and writes; `nsPid`: its id in its own PID namespace. */
export type ProcessFacts = Omit<ExaminedProcess, "io" | "still"> & { nsPid: number; comm: string };

const MS_PER_TICK = 10;
/** signal(7), by number from 1; real-time signals have none of their own. */
const SIGNALS = (
  "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM " +
  "PROF WINCH IO PWR SYS"
).split(" ");

/** Of those that are still there, in their order. */
export function processFacts(pids: readonly number[]): ProcessFacts[] {
  return pids.flatMap((pid) => {
    const stat = parseStat(hostProc.text(`/proc/${pid}/stat`) ?? "");
    const status = hostProc.text(`/proc/${pid}/status`);
    if (!stat || status === null) return [];
    const { exe, cmdline, memory, limits } = readProcess(pid);
    const { comm, state, parent, startTicks } = stat;
    return [
      {
        ...{ pid, parent, title: titleOf(comm, cmdline), exe, cmdline, state, memory, limits, comm },
        nsPid: innerId(status) ?? pid,
        age: Math.max(0, Math.round(uptime() * 1000 - startTicks * MS_PER_TICK)),
        threads: Number(memory.Threads ?? 0),
        pending: pendingSignals(status),
        tracer: parseStatus(status).tracer,
        frozen: isFrozen(pid),
      },
    ];
  });
}

/** Sent to the process or its first thread and not taken yet, because they are blocked or it does not run. */
function pendingSignals(status: string): string[] {
  const masks = [...status.matchAll(/^(?:SigPnd|ShdPnd):\s*([0-9a-f]+)$/gm)].map(([, mask]) => BigInt(`0x${mask}`));
  const all = masks.reduce((sum, mask) => sum | mask, 0n);
  return SIGNALS.flatMap((name, i) => (((all >> BigInt(i)) & 1n) === 1n ? [`SIG${name}`] : []));
}

/** Bytes that each process has had read from, and written to, storage; without those of which it may not be read. */
export function readIo(pids: readonly number[]): Map<number, { readBytes: number; writtenBytes: number }> {
  const found = new Map<number, { readBytes: number; writtenBytes: number }>();
  for (const pid of pids) {
    const text = hostProc.text(`/proc/${pid}/io`);
    const [, readBytes] = /^read_bytes: (\d+)$/m.exec(text ?? "") ?? [];
    const [, writtenBytes] = /^write_bytes: (\d+)$/m.exec(text ?? "") ?? [];
    if (readBytes !== undefined && writtenBytes !== undefined)
      found.set(pid, { readBytes: Number(readBytes), writtenBytes: Number(writtenBytes) });
  }
  return found;
}
