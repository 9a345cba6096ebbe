import { printable } from "../base/escape.ts";

/** Pure parsers of what Linux writes below /proc/<pid> (formats: proc(5)). Every byte in there may come from the server. */

/** What a blocked thread asked the kernel for: /proc/<pid>/task/<tid>/syscall. */
export type Syscall =
  | { kind: "running" }
  /** Blocked, but not inside a system call (a page fault, a signal stop before entering one). */
  | { kind: "outside" }
  /** Arguments above 2^53 lose their lowest bits; addresses of user space and small integers are exact. */
  | { kind: "in"; number: number; args: readonly number[] };

/** "202 0x7f… 0x109 0x6ec5 0x0 0x0 0x0 0xSP 0xPC" | "running" | "-1 0xSP 0xPC"; null for anything else. */
export function parseSyscall(text: string): Syscall | null {
  const words = text.trim().split(" ");
  if (words[0] === "running") return { kind: "running" };
  if (words[0] === "-1") return { kind: "outside" };
  const number = Number(words[0]);
  const args = words.slice(1, 7).map(Number);
  if (words[0] === "" || !Number.isInteger(number) || args.length < 6 || args.some(Number.isNaN)) return null;
  return { kind: "in", number, args };
}

export interface TaskStatus {
  /** The thread's id in the innermost PID namespace: the number that the process itself sees and writes into its locks. */
  nsTid: number | null;
  /** Process id of a debugger that is attached, 0 for none. */
  tracer: number;
  voluntary: number;
  involuntary: number;
}

export function parseStatus(text: string): TaskStatus {
  const fields = fieldsOf(text);
  const count = (name: string): number => Number(fields.get(name) ?? 0);
  return {
    nsTid: innerId(text),
    tracer: count("TracerPid"),
    voluntary: count("voluntary_ctxt_switches"),
    involuntary: count("nonvoluntary_ctxt_switches"),
  };
}

/** Of a status: `nsTid` alone. */
export function innerId(status: string): number | null {
  const id = /^NSpid:.*?(\d+)[ \t]*$/m.exec(status)?.[1];
  return id === undefined ? null : Number(id);
}

/** "VmRSS", "VmSize", "Threads", "FDSize", … as the kernel writes them ("123 kB"). */
export function parseMemory(status: string): Record<string, string> {
  const wanted = /^(VmPeak|VmSize|VmHWM|VmRSS|VmSwap|Threads|FDSize)$/;
  return Object.fromEntries([...fieldsOf(status)].filter(([name]) => wanted.test(name)));
}

function fieldsOf(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  return fields;
}

/** "Max open files" → "20000 / 20000 files" (soft / hard). */
export function parseLimits(text: string): Record<string, string> {
  const limits: Record<string, string> = {};
  for (const line of text.split("\n").slice(1)) {
    const [name, soft, hard, units = ""] = line.trimEnd().split(/\s{2,}/);
    if (name && soft && hard) limits[name] = `${soft} / ${hard} ${units}`.trim();
  }
  return limits;
}

const SECRET = /pass|auth|secret|token/i;

/** NUL-separated arguments; the values of options that look like passwords are replaced, because evidence is published. */
export function parseCmdline(text: string): string[] {
  const words = text.replace(/\0+$/, "").split("\0").map(printable);
  return words.map((word, i) => {
    const [name, value] = word.split(/[=\s](.*)/s);
    if (value !== undefined && SECRET.test(name ?? "")) return `${name}=***`;
    const before = words[i - 1] ?? "";
    return before.startsWith("-") && !before.includes("=") && SECRET.test(before) ? "***" : word;
  });
}

/** File descriptors that an epoll instance watches: the `tfd:` lines of /proc/<pid>/fdinfo/<fd>. */
export function parseEpollTargets(fdinfo: string): number[] {
  return [...fdinfo.matchAll(/^tfd:\s+(\d+)/gm)].map((match) => Number(match[1]));
}

/** The path of the C library among the mapped files of /proc/<pid>/maps, and whose it is. */
export function findCLibrary(maps: string): { path: string; family: "glibc" | "musl" } | null {
  for (const line of maps.split("\n")) {
    const path = line.slice(line.indexOf("/"));
    if (!line.includes("/")) continue;
    if (/\/(ld-musl-[^/]*|libc\.musl-[^/]*)$/.test(path)) return { path, family: "musl" };
    if (/\/(libc\.so\.6|libc-2\.\d+\.so)$/.test(path)) return { path, family: "glibc" };
  }
  return null;
}
