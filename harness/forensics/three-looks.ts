import { messageOf } from "../base/chaos-error.ts";
import type { Clock } from "../base/clock.ts";
import { hostProc, type ProcFiles } from "./proc-files.ts";
import { lockLayout, type Memory, openMemory } from "./process.ts";
import { type Sample, takeSamples } from "./samples.ts";
import type { LinkState } from "./sockets.ts";

/** What a reader can do about files below /proc/<pid> that refuse. */
export const PRIVILEGE = "root or CAP_SYS_PTRACE is needed";

/** Three samples of one process, and where they come from. */
export interface Look {
  /** As the files of `proc` call it. */
  pid: number;
  proc: ProcFiles;
  samples: Sample[];
  /** Why its locks cannot be read, or null. */
  why: string | null;
}

/** ms between two of the three samples. */
const SAMPLE_EVERY = 150;

/**
 * Three samples of a process, with its locks where they can be read; `why` says why not.
 * @throws the system's error when the process is gone or not readable
 */
export async function lookThrice(
  pid: number,
  links: readonly LinkState[],
  clock: Clock,
  signal: AbortSignal | undefined,
): Promise<Look> {
  const layout = lockLayout(pid);
  let memory: Memory | null = null;
  let why = layout.supported ? null : layout.why;
  try {
    if (layout.supported) memory = openMemory(pid);
  } catch (error) {
    why = `/proc/${pid}/mem is not readable (${messageOf(error)}): ${PRIVILEGE}`;
  }
  try {
    const samples = await takeSamples({ pid, links, memory, clock, signal, every: SAMPLE_EVERY });
    return { pid, proc: hostProc, samples, why };
  } finally {
    memory?.close();
  }
}
