/** How a lock is taken. */
export type LockMode = "shared" | "exclusive";
export type LockKind = "mutex" | "rwlock" | "spin" | "thread";

/** A lock taken or wanted at one place. */
export interface LockUse {
  /** Which one: its address and a number that tells it from others that have been there ("7f12a0c8#31"), or "thread 12". */
  lock: string;
  kind: LockKind;
  mode: LockMode;
  /** Return address of the call, in the process. */
  site: number;
}

/** A thread has wanted a lock while it held others (or none). */
export interface Dependency {
  /** Its thread's name then. */
  thread: string;
  /** The first threads that did so, and in which epochs of theirs: an epoch ends when the thread starts or has joined another. */
  by: readonly { thread: number; from: number; to: number }[];
  /** More threads than those. */
  many: boolean;
  wants: LockUse;
  /** Outermost first. */
  holds: readonly LockUse[];
  /** The lock lets no reader pass a waiting writer (glibc: PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP). */
  prefersWriter: boolean;
  /** It holds the lock already in a way that makes it wait for itself. */
  itself: boolean;
  /** It holds more locks than these: the outermost are not told. */
  cut: boolean;
  /** Of one that joins a thread: that had not ended yet, at least once. */
  waited: boolean;
  count: number;
  /** When, ms since `LockGraph.started`: the first few moments and the last few, about 100 ms apart at least. */
  at: readonly number[];
  /** Number of its stack in `LockGraph.stacks`; null: none was kept. */
  stack: number | null;
}

export interface LockThread {
  /** From 1, in the order in which threads were made. */
  number: number;
  /** As the server's container has it; 0: it has not run yet. */
  tid: number;
  name: string;
  /** Address of the function that it was made to run; 0: nobody saw it. */
  routine: number;
  /** 0: nobody saw who made it. */
  parent: number;
  /** What the parent did in this epoch and before was before anything of this thread. */
  parentEpoch: number;
  /** 0: nobody has joined it. */
  joinedBy: number;
  /** All of this thread was before what the joiner did in this epoch and later. */
  joinedEpoch: number;
  /** Locks that its maker held from before it made this thread until it had joined it: of others that want them, none ran beside it. */
  within: readonly LockUse[];
}

/** What a thread of the process holds at this moment. */
export interface Holding {
  thread: number;
  tid: number;
  /** Address and mode, outermost first. */
  holds: readonly { address: number; mode: LockMode }[];
  /** kvchaos lets it pause right now. */
  paused: boolean;
}

/** A lock was held while its thread waited for something else, longer than the limit. */
export interface HeldWait {
  thread: string;
  for: "condition" | "join" | "io" | "sleep" | "semaphore";
  holds: readonly LockUse[];
  site: number;
  /** ms. */
  longest: number;
  total: number;
  count: number;
  /** ms since `LockGraph.started`. */
  at: number;
  stack: number | null;
}

/** Registers and stack of a thread at one moment, x86-64. */
export interface KeptStack {
  registers: { pc: number; sp: number; bp: number; bx: number; r12: number; r13: number; r14: number; r15: number };
  /** From `sp` on. */
  bytes: Buffer;
}

/** What the library wrote down of one process. */
export interface LockGraph {
  /** Inside its container. */
  pid: number;
  executable: string;
  /** When it made its first thread: CLOCK_MONOTONIC, ms. */
  started: number;
  /** Text of /proc/<pid>/maps. */
  maps: string;
  threads: ReadonlyMap<number, LockThread>;
  dependencies: readonly Dependency[];
  waits: readonly HeldWait[];
  holding: readonly Holding[];
  stacks: ReadonlyMap<number, KeptStack>;
  /** What found no room, each in words; empty: everything is there. */
  lost: readonly string[];
}
