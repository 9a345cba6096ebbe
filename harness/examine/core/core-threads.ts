import type { Memory } from "../../forensics/process.ts";
import type { ThreadHistory } from "../../forensics/snapshots.ts";
import type { CoreImage, CoreThread } from "./core-image.ts";

/** Places in user_regs_struct. */
const [R10, R9, R8, RAX, RDX, RSI, RDI, ORIG_RAX, FS_BASE] = [7, 8, 9, 10, 12, 13, 14, 15, 21];
/** A thread that is taken out of a call by a signal: the call would go on if the process did (ERESTARTSYS and its like). */
const INTERRUPTED = [-512n, -513n, -514n, -516n];
/** How far its id lies in struct pthread, which begins with its own address. */
const TID = 720;

/**
 * The threads of a core as a look at a live process would have shown them: all at one moment, none of them ran. A debugger that made the core
 * from outside calls threads as the host does; what they call themselves lies in their own memory.
 */
export function coreThreads({ threads, memory, comm }: CoreImage): ThreadHistory[] {
  return threads.map((thread) => ({
    ...{ tid: thread.tid, nsTid: ownId(thread, memory), comm, state: "S", wchan: null, stack: null },
    ...{ userMs: 0, systemMs: 0, voluntary: 0, involuntary: 0, cpuMs: 0, same: true },
    ...{ syscall: callOf(thread), asleep: callOf(thread)?.kind === "in" },
  }));
}

function callOf({ registers }: CoreThread): ThreadHistory["syscall"] {
  const register = (at: number): bigint => registers[at] ?? 0n;
  const number = BigInt.asIntN(64, register(ORIG_RAX));
  if (number < 0n || !INTERRUPTED.includes(BigInt.asIntN(64, register(RAX)))) return { kind: "running" };
  const args = [RDI, RSI, RDX, R10, R8, R9].map((at) => Number(register(at)));
  return { kind: "in", number: Number(number), args };
}

function ownId({ tid, registers }: CoreThread, memory: Memory): number {
  const base = Number(registers[FS_BASE] ?? 0n);
  const pointer = (at: number): number => {
    const [low = 0, high = 0] = memory.words(base + at, 2) ?? [];
    return low + high * 2 ** 32;
  };
  if (base === 0 || pointer(0) !== base || pointer(16) !== base) return tid;
  return memory.words(base + TID, 1)?.[0] || tid;
}
