import { hostProc, type ProcFiles } from "./proc-files.ts";

/** What must be known of a process, while it lives, to find the core that it leaves. Paths are those inside its container. */
export interface CoreOrigin {
  cwd: string;
  exe: string;
  comm: string;
  /** Its ids: in its own PID namespace, and on this host. */
  pids: { own: number; host: number };
}

/** null: the process is gone, or may not be read. */
export function coreOrigin(pid: number, proc: ProcFiles = hostProc): CoreOrigin | null {
  const [cwd, exe] = [proc.link(`/proc/${pid}/cwd`), proc.link(`/proc/${pid}/exe`)];
  const comm = proc.text(`/proc/${pid}/comm`)?.trim();
  const own = /^NSpid:.*?(\d+)$/m.exec(proc.text(`/proc/${pid}/status`) ?? "")?.[1];
  if (cwd === null || exe === null || comm === undefined || own === undefined) return null;
  return { cwd, exe, comm, pids: { own: Number(own), host: pid } };
}

/**
 * Where the kernel writes the core of a process, as a path inside its container: the kernel resolves it there (core(5)). This
 * machine's core_pattern is read, never changed.
 */
export function corePlace(origin: CoreOrigin, proc: ProcFiles = hostProc): { path: string } | { why: string } {
  const pattern = proc.text("/proc/sys/kernel/core_pattern")?.trim();
  if (pattern === undefined) return { why: "/proc/sys/kernel/core_pattern is not readable" };
  if (pattern === "") return { why: "this machine's core_pattern is empty: no core is written" };
  if (pattern.startsWith("|")) return { why: `this machine's core_pattern hands cores to a program (${pattern})` };
  const unknown: string[] = [];
  const name = pattern.replace(/%(.)/g, (specifier, letter: string) => {
    const value = meant(letter, origin);
    if (value === null) unknown.push(specifier);
    return value ?? specifier;
  });
  if (unknown.length > 0) {
    return { why: `this machine's core_pattern (${pattern}) has ${unknown[0]}, of which the value is not known` };
  }
  // Only where the pattern itself names no id.
  const withPid = !/%[pP]/.test(pattern) && proc.text("/proc/sys/kernel/core_uses_pid")?.trim() === "1";
  const file = withPid ? `${name}.${origin.pids.own}` : name;
  return { path: file.startsWith("/") ? file : `${origin.cwd.replace(/\/$/, "")}/${file}` };
}

function meant(letter: string, { comm, exe, pids }: CoreOrigin): string | null {
  if (letter === "%") return "%";
  if (letter === "p") return String(pids.own);
  if (letter === "P") return String(pids.host);
  if (letter === "e") return comm;
  if (letter === "f") return exe.split("/").at(-1) ?? null;
  return letter === "E" ? exe.replaceAll("/", "!") : null;
}
