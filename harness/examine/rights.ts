import { readdirSync } from "node:fs";
import { hostProc, type ProcFiles } from "../forensics/proc-files.ts";
import type { Missing } from "../journal/examination.ts";

/** Of one process, what of it could not be read. */
export interface Unreadable {
  pid: number;
  title: string;
  calls: boolean;
  /** Why its locks cannot be told, or null. */
  locks: string | null;
}

const CAP_SYS_PTRACE = 19n;

/** What could not be seen of a family, why, and what to do for it. */
export function missingRights(family: readonly Unreadable[], proc: ProcFiles = hostProc): Missing[] {
  const found = new Map<string, { missing: Missing; who: string[] }>();
  const add = (what: string, { pid, title }: Unreadable, { why, how }: Omit<Missing, "what">): void => {
    const key = JSON.stringify([what, why, how]);
    const known = found.get(key) ?? { missing: { what, why, how }, who: [] };
    known.who.push(`${title} ${pid}`);
    found.set(key, known);
  };
  for (const one of family) {
    if (one.calls) add("system calls and locks", one, refusal(one.pid, proc));
    else if (one.locks !== null) {
      const refused = /not readable/.test(one.locks);
      add("locks", one, refused ? refusal(one.pid, proc) : { why: one.locks, how: null });
    }
    if (!canList(`/proc/${one.pid}/fd`)) add("open files and sockets", one, refusal(one.pid, proc));
  }
  return [...found.values()].map(({ missing, who }) => {
    return { ...missing, what: `${missing.what} of ${named(who)}` };
  });
}

const NAMED = 3;

function named(who: readonly string[]): string {
  const more = who.length - NAMED;
  return `${who.slice(0, NAMED).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** Why the kernel does not let us see it (ptrace(2), "access mode checking"). */
function refusal(pid: number, proc: ProcFiles): Omit<Missing, "what"> {
  const own = userOf("/proc/self/status", proc);
  const theirs = userOf(`/proc/${pid}/status`, proc);
  const capabilities = /^CapEff:\s*([0-9a-f]+)$/m.exec(proc.text("/proc/self/status") ?? "")?.[1] ?? "0";
  const mayTrace = ((BigInt(`0x${capabilities}`) >> CAP_SYS_PTRACE) & 1n) === 1n;
  const scope = Number(proc.text("/proc/sys/kernel/yama/ptrace_scope") ?? "0");
  const sudo = "run the same command with sudo";
  if (mayTrace)
    return {
      why: "the kernel refuses it even to root here (a security module, or a user namespace of its own)",
      how: null,
    };
  if (own === 0)
    return {
      why: "this is root without CAP_SYS_PTRACE, as in a container",
      how: "run it on the host, or in a container with --pid=host --cap-add SYS_PTRACE --security-opt apparmor=unconfined",
    };
  if (own !== theirs)
    return {
      why: `it runs as user ${theirs ?? "?"}, you are ${own ?? "?"}: for another user's process root or CAP_SYS_PTRACE is needed`,
      how: sudo,
    };
  if (scope > 0)
    return {
      why: `kernel.yama.ptrace_scope is ${scope}: only root may look into a process that it has not started`,
      how: `${sudo}, or for the time being: sudo sysctl kernel.yama.ptrace_scope=0`,
    };
  return {
    why: "it has made itself unreadable (PR_SET_DUMPABLE, as programs with capabilities or another user's rights are)",
    how: sudo,
  };
}

/** The effective one. */
function userOf(status: string, proc: ProcFiles): number | null {
  const user = /^Uid:\s*\d+\s+(\d+)/m.exec(proc.text(status) ?? "")?.[1];
  return user === undefined ? null : Number(user);
}

function canList(folder: string): boolean {
  try {
    readdirSync(folder);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT"; // It has ended: that is no matter of rights.
  }
}
