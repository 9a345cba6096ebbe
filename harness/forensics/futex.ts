/*
 * What a thread in futex() waits for, told from the words around the address (glibc ≥ 2.25, x86-64):
 *
 *   pthread_mutex_t    +0 lock (0, 1 held, 2 held with waiters)  +8 owner   +12 users  +16 kind
 *   pthread_rwlock_t   +0 readers<<3 | 4 waiting readers | 2 write locked | 1 write phase     +4 writers queued
 *                      +8 write-phase futex   +12 writers futex   +16, +20 padding   +24 current writer
 *                      +40 where the library that sees locks leaves a number   +44 padding   +48 flags
 *   struct pthread     +0 its own address   +16 its own address   … tid (futex of pthread_join)
 *
 * A futex address alone says nothing, so every reading must survive checks that random memory fails: owners are live
 * threads, paddings are zero, the word still holds the value that the thread waits to see changed.
 */

/** Reads unsigned 32-bit words; null where nothing is mapped. */
export type ReadWords = (address: number, count: number) => readonly number[] | null;

export type FutexWait =
  /** pthread_join, std::thread::join. `owner`: the thread whose end is waited for. Owners are ids in the process's namespace. */
  | { kind: "join"; address: number; owner: number; timed: boolean }
  | { kind: "mutex"; address: number; owner: number; timed: boolean }
  /** `owner`: the writer that holds it; null when `readers` hold it, or when it is being handed over (readers 0). */
  | { kind: "rwlock"; address: number; want: "read" | "write"; owner: number | null; readers: number; timed: boolean }
  /** A condition variable, a semaphore or something unknown: nobody can be said to hold it. */
  | { kind: "ownerless"; address: number };

const FUTEX_WAIT = 0;
const FUTEX_WAIT_BITSET = 9;
/** FUTEX_PRIVATE_FLAG 128 and FUTEX_CLOCK_REALTIME 256 are not part of the command. */
const COMMAND = 127;
export const FUTEX_PRIVATE = 128;

const WRITE_PHASE = 1;
const WRITE_LOCKED = 2;
const READERS_WAIT = 4;

/**
 * @param args the six arguments of futex(): address, operation, value, timeout, …
 * @param isThread whether a number is the id of a live thread, in the process's own namespace
 */
export function explainFutex(args: readonly number[], words: ReadWords, isThread: (id: number) => boolean): FutexWait {
  const [address = 0, operation = 0, value64 = 0, timeout = 0] = args;
  const value = value64 % 2 ** 32;
  const timed = timeout !== 0;
  const command = operation & COMMAND;
  const nothing: FutexWait = { kind: "ownerless", address };
  // The word changed: the thread is about to wake, whatever it was.
  if (words(address, 1)?.[0] !== value) return nothing;

  if (command !== FUTEX_WAIT && command !== FUTEX_WAIT_BITSET) return nothing;
  // The kernel itself wakes joiners when it clears the id, and it only wakes shared futexes. (glibc 2.31 still joined with
  // FUTEX_WAIT, later ones with FUTEX_WAIT_BITSET.)
  const shared = (operation & FUTEX_PRIVATE) === 0;
  if (shared && isThread(value) && isThreadDescriptor(address, words))
    return { kind: "join", address, owner: value, timed };
  if (command === FUTEX_WAIT && value === 2) return explainMutex(address, timed, words, isThread) ?? nothing;
  if (command === FUTEX_WAIT_BITSET) return explainRwlock(address, value, timed, words, isThread) ?? nothing;
  return nothing;
}

function explainMutex(
  address: number,
  timed: boolean,
  words: ReadWords,
  isThread: (id: number) => boolean,
): FutexWait | null {
  const [lock, , owner = 0, users = 0, kind = 0] = words(address, 5) ?? [];
  // kind: normal, recursive, error-checking, adaptive (0–3); 0x80 process-shared; 0x300 lock elision. Robust and priority
  // mutexes wait in other ways.
  const plausible = lock === 2 && isThread(owner) && users >= 1 && users < 65_536 && (kind & ~0x383) === 0;
  return plausible ? { kind: "mutex", address, owner, timed } : null;
}

/** How far the id may lie inside struct pthread: at 720 bytes for decades, looked for rather than assumed. */
const DESCRIPTOR_BYTES = 2048;

/** Whether `address` lies in a struct pthread, which begins with its own address, twice. Below it lie stack and TLS: mapped. */
function isThreadDescriptor(address: number, words: ReadWords): boolean {
  const start = address - (address % 8) - DESCRIPTOR_BYTES;
  const memory = words(start, DESCRIPTOR_BYTES / 4) ?? [];
  for (let i = memory.length - 6; i >= 0; i -= 2) {
    const here = start + i * 4;
    if (pointer(memory, i) === here && pointer(memory, i + 4) === here) return true;
  }
  return false;
}

function pointer(memory: readonly number[], index: number): number {
  return (memory[index] ?? 0) + (memory[index + 1] ?? 0) * 2 ** 32;
}

interface Rwlock {
  readers: number;
  state: number;
  owner: number;
}

function explainRwlock(
  address: number,
  value: number,
  timed: boolean,
  words: ReadWords,
  isThread: (id: number) => boolean,
): FutexWait | null {
  const at = (base: number): Rwlock | null => readRwlock(base, words, isThread);
  const readings: FutexWait[] = [];
  const add = (base: number, lock: Rwlock, want: "read" | "write"): void => {
    const byReaders = lock.owner === 0 && (lock.state & WRITE_PHASE) === 0;
    // In a write phase the count holds the readers that wait, not readers that hold the lock.
    const readers = byReaders ? lock.readers : 0;
    readings.push({ kind: "rwlock", address: base, want, owner: lock.owner || null, readers, timed });
  };
  // Write-phase futex: readers wait for 1|2 to change (a writer is in), the first writer for 0|2 (readers are in).
  const phase = at(address - 8);
  if (phase && value === 3 && (phase.state & WRITE_PHASE) !== 0) add(address - 8, phase, "read");
  if (phase && value === 2 && (phase.state & WRITE_LOCKED) !== 0) add(address - 8, phase, "write");
  // Writers futex: further writers wait for 1|2.
  const queue = at(address - 12);
  if (queue && value === 3 && (queue.state & WRITE_LOCKED) !== 0) add(address - 12, queue, "write");
  // Reader count: only with PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP, readers that let a waiting writer go first.
  const own = at(address);
  if (own && (value & READERS_WAIT) !== 0 && words(address + 48, 1)?.[0] === 2) add(address, own, "read");
  // Two readings that both survive: take the one whose writer is a live thread, else say nothing.
  const held = readings.filter((wait) => wait.kind === "rwlock" && wait.owner !== null);
  if (readings.length === 1) return readings[0] ?? null;
  return held.length === 1 ? (held[0] ?? null) : null;
}

/** Null unless every field has a value that a rwlock in use can have. */
function readRwlock(base: number, words: ReadWords, isThread: (id: number) => boolean): Rwlock | null {
  const fields = words(base, 14);
  if (base % 8 !== 0 || !fields) return null;
  const [bits = 0, writers = 0, phase = 9, queue = 9, pad3, pad4, owner = 0, shared = 9, , , , padding, flags = 9] =
    fields;
  const sane = phase <= 3 && queue <= 3 && pad3 === 0 && pad4 === 0 && padding === 0 && shared <= 1 && flags <= 2;
  const owned = owner === 0 || (isThread(owner) && (bits & WRITE_LOCKED) !== 0 && (bits & WRITE_PHASE) !== 0);
  if (!sane || !owned || writers > 65_536 || bits >>> 3 > 65_536) return null;
  return { readers: bits >>> 3, state: bits & 7, owner };
}
