import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseStat } from "../base/proc-stat.ts";
import { parseStatus, parseSyscall } from "../forensics/proc-text.ts";
import type { ThreadSnapshot } from "../forensics/process.ts";

/**
 * Processes as /proc showed them on a Debian 12 machine (glibc 2.36, kernel 6.18) from outside the PID namespace they ran in.
 * Of deadlock.c, hung, all threads, which have the ids 1, 2, 3, … inside; of real Pika servers some of each kind: a replica of
 * 3.5.2 after FLUSHALL (`pika-flush`), its healthy master (`pika-idle`), a master of 3.5.4 after FLUSHDB beside INFO (`pika-readers`).
 */
export interface Recording {
  threads: ThreadSnapshot[];
  /** What /proc/<pid>/mem held around the addresses its threads waited on. */
  memory: { words(address: number, count: number): number[] | null };
}

export type RecordedMode = "switch" | "flush" | "readers" | "idle" | "pika-flush" | "pika-readers" | "pika-idle";

interface Recorded {
  threads: { tid: number; stat: string; status: string; wchan: string; syscall: string }[];
  /** Start address → bytes, both hexadecimal. */
  memory: Record<string, string>;
}

export function recording(mode: RecordedMode): Recording {
  const text = readFileSync(join(import.meta.dirname, "recorded", `${mode}.json`), "utf8");
  const recorded = JSON.parse(text) as Recorded;
  const ranges = Object.entries(recorded.memory).map(([start, hex]) => ({
    start: Number(start),
    bytes: Buffer.from(hex, "hex"),
  }));
  const threads = recorded.threads.map(({ tid, stat, status, wchan, syscall }): ThreadSnapshot => {
    const parsed = parseStat(stat);
    if (!parsed) throw new Error(`unreadable stat: ${stat}`);
    const { nsTid, voluntary, involuntary } = parseStatus(status);
    return {
      ...parsed,
      tid,
      nsTid: nsTid ?? 0,
      voluntary,
      involuntary,
      wchan,
      syscall: parseSyscall(syscall),
      stack: null,
    };
  });
  const words = (address: number, count: number): number[] | null => {
    const range = ranges.find(({ start, bytes }) => address >= start && address + count * 4 <= start + bytes.length);
    if (!range) return null;
    return Array.from({ length: count }, (_, i) => range.bytes.readUInt32LE(address - range.start + i * 4));
  };
  return { threads, memory: { words } };
}
