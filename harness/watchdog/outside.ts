import { readFileSync } from "node:fs";
import type { Clock } from "../base/clock.ts";

/*
 * Servers that are not ours: a question without an answer may be the network's doing, or somebody has stopped the process. What of
 * our own host's kernel knows that is read here, and only while questions are open.
 */

/** local address:port, remote address:port, state (open, or being opened), bytes that are not acknowledged. */
const LINE = /^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} (01|02) ([0-9A-F]+):/gm;
const SYN_SENT = "02";

/** The tables of a busy machine have thousands of lines: they are read so often at most. ms */
const READ_EVERY = 1_000;

/** What this host's kernel knows of our connections to servers that are not ours. */
export class OurConnections {
  readonly #clock: Pick<Clock, "now">;
  readonly #root: string;
  #readAt = Number.NEGATIVE_INFINITY;
  /** By our own port. */
  #open: ReadonlyMap<number, { isUnsent: boolean }> = new Map();

  constructor(clock: Pick<Clock, "now">, root = "/proc") {
    this.#clock = clock;
    this.#root = root;
  }

  /**
   * Has the other end's kernel taken in nothing of what was sent on any of these connections? A process that hangs, or is stopped, has a
   * kernel that goes on acknowledging: then nobody is there, or the way there is cut.
   * @param ports our own ends'; [] or where this kernel does not tell: false
   */
  isUnacknowledged(ports: readonly number[]): boolean {
    if (ports.length === 0) return false;
    const now = this.#clock.now();
    if (now - this.#readAt >= READ_EVERY) {
      this.#readAt = now;
      this.#open = this.#read();
    }
    const known = ports.flatMap((port) => this.#open.get(port) ?? []);
    return known.length > 0 && known.every(({ isUnsent }) => isUnsent);
  }

  #read(): Map<number, { isUnsent: boolean }> {
    const found = new Map<number, { isUnsent: boolean }>();
    for (const table of ["tcp", "tcp6"]) {
      for (const line of read(`${this.#root}/net/${table}`).matchAll(LINE)) {
        const [, port = "", state, unsent = ""] = line;
        found.set(Number.parseInt(port, 16), { isUnsent: state === SYN_SENT || Number.parseInt(unsent, 16) > 0 });
      }
    }
    return found;
  }
}

/** By whom a process is held, in words; null: by nobody, or it cannot be read. */
export function stoppedHow(pid: number, root = "/proc"): string | null {
  const state = /^State:\s+(\S)/m.exec(read(`${root}/${pid}/status`))?.[1];
  if (state === "T") return "its process is stopped (SIGSTOP)";
  if (state === "t") return "its process is stopped by a debugger";
  return /refrigerator|freezer/.test(read(`${root}/${pid}/wchan`))
    ? "its process is frozen (its container is paused)"
    : null;
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
