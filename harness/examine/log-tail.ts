import { closeSync, fstatSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../base/chaos-error.ts";
import { printableText } from "../base/escape.ts";
import { findProgram } from "../base/programs.ts";
import { runCommand } from "../base/run-command.ts";
import { linkTarget } from "../forensics/process.ts";
import type { Container } from "./containers.ts";

/** The end of a log, and where it comes from. */
export interface LogTail {
  from: string;
  lines: string[];
}

const MOST_BYTES = 64 * 1024;
const MOST_LINES = 60;
const JOURNAL_WITHIN = 1_000;

/** Not what a server logs: write-ahead logs of RocksDB ("000012.log") and what RocksDB notes for itself ("LOG"). */
const DATA = /\/\d{6,}\.log$|\/LOG(?:\.old.*)?$/;
const LOG = /(?:\.log|\.INFO|\.WARNING|\.ERROR|\blog)(?:[.-][\w.-]*)?$/i;

interface Open {
  pid: number;
  fd: number;
  path: string;
}

/**
 * The last lines that a process has logged: of a file that it writes (what its output leads to, or what is called a log), of its container's
 * log as engines keep it, or of the journal of systemd.
 * @param files open ones, of all its family
 */
export async function logTail(
  pid: number,
  files: readonly Open[],
  container: Container | null,
  signal: AbortSignal | undefined,
): Promise<LogTail | { why: string }> {
  const own = files
    .filter(({ path }) => path.startsWith("/") && !DATA.test(path) && !path.startsWith("/dev/"))
    .filter(({ fd, path }) => fd === 1 || fd === 2 || LOG.test(path));
  const tails = own.flatMap(({ pid: owner, fd, path }) => {
    const tail = readTail(`/proc/${owner}/root${path}`) ?? readTail(`/proc/${owner}/fd/${fd}`);
    return tail ? [{ path, ...tail }] : [];
  });
  const [latest] = tails.sort((a, b) => b.modified - a.modified);
  if (latest) return { from: latest.path, lines: linesOf(latest.text) };
  const kept = container ? ofEngine(container) : null;
  if (kept) return kept;
  const output = [1, 2].map((fd) => linkTarget(`/proc/${pid}/fd/${fd}`)).find((target) => target !== null);
  if (output?.startsWith("socket:")) {
    const journal = findProgram("journalctl");
    if (journal) {
      try {
        const argv = [journal, "-q", "--no-pager", "-n", String(MOST_LINES), "-o", "short-iso", `_PID=${pid}`] as const;
        const { stdout } = await runCommand([...argv], { within: JOURNAL_WITHIN, signal, patience: 100 });
        if (stdout.trim() !== "") return { from: `journalctl _PID=${pid}`, lines: linesOf(stdout) };
      } catch (error) {
        signal?.throwIfAborted();
        return { why: messageOf(error) };
      }
    }
  }
  if (output === undefined) return { why: "its open files could not be read" };
  return { why: `it writes to no file that is known as a log (its output leads to ${output}); --log FILE names one` };
}

export function fileTail(path: string): LogTail | { why: string } {
  const tail = readTail(path);
  return tail ? { from: path, lines: linesOf(tail.text) } : { why: `${path} is not readable, empty, or no text` };
}

/** Logs of containers as their engines keep them, mostly for root alone. */
function ofEngine({ id }: Container): LogTail | null {
  const docker = `/var/lib/docker/containers/${id}/${id}-json.log`;
  const podman = `/var/lib/containers/storage/overlay-containers/${id}/userdata/ctr.log`;
  const pod = namesIn("/var/log/containers").find((name) => name.endsWith(`-${id}.log`));
  const paths = [docker, podman, ...(pod === undefined ? [] : [join("/var/log/containers", pod)])];
  for (const path of paths) {
    const tail = readTail(path);
    if (tail) return { from: path, lines: linesOf(path === docker ? unwrapped(tail.text) : tail.text) };
  }
  return null;
}

/** {"log":"…\n","stream":"stdout","time":"…"}, one a line; the first may be cut off. */
function unwrapped(text: string): string {
  return text
    .split("\n")
    .flatMap((line) => {
      try {
        return [(JSON.parse(line) as { log: string }).log];
      } catch {
        return [];
      }
    })
    .join("");
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** null: not readable, no file, empty, or no text. */
function readTail(path: string): { text: string; modified: number } | null {
  let file: number | undefined;
  try {
    file = openSync(path, "r");
    const { size, mtimeMs, ...stat } = fstatSync(file);
    if ((stat.mode & 0o170000) !== 0o100000 || size === 0) return null;
    const bytes = Buffer.alloc(Math.min(size, MOST_BYTES));
    const read = readSync(file, bytes, 0, bytes.length, Math.max(0, size - bytes.length));
    return bytes.includes(0) ? null : { text: bytes.toString("utf8", 0, read), modified: mtimeMs };
  } catch {
    return null;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function linesOf(text: string): string[] {
  return printableText(text).replace(/\n+$/, "").split("\n").slice(-MOST_LINES);
}
