import { open } from "node:fs/promises";
import type {
  Dependency,
  HeldWait,
  Holding,
  KeptStack,
  LockGraph,
  LockKind,
  LockMode,
  LockThread,
  LockUse,
} from "../graph.ts";
import { type Layout, Table } from "./layout.ts";

/* The numbers of locks.c. */
const MODES: readonly (LockMode | null)[] = [null, "shared", "exclusive"];
const KINDS: readonly (LockKind | null)[] = [null, "mutex", "rwlock", "spin", "thread"];
const WAITS: readonly (HeldWait["for"] | null)[] = [null, "condition", "join", "io", "sleep", "semaphore"];
const PAUSED = 6;
const PREFERS_WRITER = 1;
const ITSELF = 2;
const MANY_THREADS = 8;
const TRUNCATED = 16;
const WAITED = 32;
const NONE = 0xffffffff;

/** While a process reads its own map of memory the text is half old; it takes a moment. */
const MAPS_TRIES = 5;

/**
 * Reads what the library wrote of one process, while it runs or after it ended. null: it has written nothing that can be read yet.
 * The file is large and mostly a hole: only the parts that are in use are read. Rejects as reading the file does.
 */
export async function readGraphFile(path: string, layout: Layout): Promise<LockGraph | null> {
  const graph = new Table(layout, "graph");
  const file = await open(path, "r");
  try {
    if ((await file.stat()).size < graph.size) return null;
    const bytes = Buffer.alloc(graph.size);
    const part = (from: number, length: number) => file.read(bytes, from, length, from);
    const of = (field: string): number => graph.number(bytes, 0, field);
    /** The first tables of a section. */
    const tables = async (field: string, type: string, most: number): Promise<void> => {
      const { size } = new Table(layout, type);
      await part(graph.offset(field), Math.min(most * size, graph.width(field)));
    };
    const maps = graph.offset("maps");
    for (let i = 0; i < MAPS_TRIES; i++) {
      await part(0, maps);
      const version = of("maps_version");
      await part(maps, of("maps_length"));
      await part(0, maps);
      if (version % 2 === 0 && of("maps_version") === version) break;
    }
    await tables("threads", "thread", of("thread_count") + 1);
    await tables("slots", "slot", of("thread_count") + 1);
    const slot = new Table(layout, "slot");
    const known = graph.width("known") / (graph.width("slots") / slot.size);
    for (let i = 0; i < Math.min(of("thread_count") + 1, graph.width("slots") / slot.size); i++)
      if (slot.number(bytes, graph.offset("slots") + i * slot.size, "used") !== 0)
        await part(graph.offset("known") + i * known, known);
    await tables("dependencies", "dependency", of("dependency_count"));
    await part(graph.offset("patterns"), graph.width("patterns"));
    await part(graph.offset("waits"), graph.width("waits"));
    // What has just been read may have got its stack since the counts were read.
    await part(0, maps);
    await tables("stacks", "stack", of("stack_count"));
    return readGraph(bytes, layout);
  } finally {
    await file.close();
  }
}

function readGraph(bytes: Buffer, layout: Layout): LockGraph | null {
  const graph = new Table(layout, "graph");
  if (bytes.length < graph.size || graph.text(bytes, 0, "magic") !== "KVLOCKS") return null;
  if (graph.number(bytes, 0, "layout") !== layout.version || graph.number(bytes, 0, "ready") === 0) return null;
  return new Reader(bytes, layout, graph).read();
}

class Reader {
  readonly #bytes: Buffer;
  readonly #layout: Layout;
  readonly #graph: Table;
  readonly #held: Table;

  constructor(bytes: Buffer, layout: Layout, graph: Table) {
    this.#bytes = bytes;
    this.#layout = layout;
    this.#graph = graph;
    this.#held = new Table(layout, "held");
  }

  read(): LockGraph {
    const bytes = this.#bytes;
    const of = (field: string): number => this.#graph.number(bytes, 0, field);
    const begin = this.#graph.offset("maps");
    const threads = this.#threads();
    const dependencies = this.#dependencies();
    return {
      pid: of("pid"),
      executable: this.#graph.text(bytes, 0, "executable"),
      started: of("started") / 1e6,
      maps: bytes.toString("utf8", begin, begin + of("maps_length")),
      threads,
      dependencies,
      waits: this.#waits(),
      holding: this.#holding(threads),
      stacks: this.#stacks(),
      lost: this.#lost(of, dependencies.filter(({ cut }) => cut).length),
    };
  }

  /** Every table of one kind. @param most none beyond it are in use */
  #each<T>(field: string, type: string, most: number, read: (table: Table, at: number, i: number) => T | null): T[] {
    const table = new Table(this.#layout, type);
    const count = Math.min(most, this.#graph.width(field) / table.size);
    const begin = this.#graph.offset(field);
    const all = Array.from({ length: count }, (_, i) => read(table, begin + i * table.size, i));
    return all.filter((one) => one !== null);
  }

  #threads(): Map<number, LockThread> {
    const most = this.#graph.number(this.#bytes, 0, "thread_count") + 1;
    const threads = this.#each("threads", "thread", most, (table, at): LockThread | null => {
      const of = (field: string): number => table.number(this.#bytes, at, field);
      if (of("number") === 0) return null;
      return {
        number: of("number"),
        tid: of("tid"),
        name: table.text(this.#bytes, at, "name"),
        routine: of("routine"),
        parent: of("parent"),
        parentEpoch: of("parent_epoch"),
        joinedBy: of("joined_by"),
        joinedEpoch: of("joined_epoch"),
        within: this.#uses(table.offset("within", at), of("within_count")),
      };
    });
    return new Map(threads.map((thread) => [thread.number, thread]));
  }

  #dependencies(): Dependency[] {
    const bytes = this.#bytes;
    const counts = this.#uncounted();
    const most = this.#graph.number(bytes, 0, "dependency_count");
    return this.#each("dependencies", "dependency", most, (table, at, i): Dependency | null => {
      const of = (field: string): number => table.number(bytes, at, field);
      if (table.wide(bytes, at, "key") === 0n) return null;
      const flags = of("flags");
      const wants = this.#use(of("address"), of("generation"), of("kind"), of("mode"), of("site"));
      if (!wants) return null;
      return {
        thread: table.text(bytes, at, "name"),
        by: this.#seen(table.offset("seen", at), table.width("seen")),
        many: (flags & MANY_THREADS) !== 0,
        wants,
        holds: this.#uses(table.offset("held", at), of("held_count")),
        prefersWriter: (flags & PREFERS_WRITER) !== 0,
        itself: (flags & ITSELF) !== 0,
        cut: (flags & TRUNCATED) !== 0,
        waited: (flags & WAITED) !== 0,
        count: of("count") + (counts.get(i) ?? 0),
        at: this.#samples(table.offset("sample", at), table.width("sample"), of("samples")),
        stack: of("stack") === 0 ? null : of("stack"),
      };
    });
  }

  /** What living threads have counted and not added up yet, by dependency. */
  #uncounted(): Map<number, number> {
    const counts = new Map<number, number>();
    const known = new Table(this.#layout, "known");
    const perSlot = this.#graph.width("known") / (this.#graph.width("slots") / new Table(this.#layout, "slot").size);
    const begin = this.#graph.offset("known");
    this.#each("slots", "slot", Number.POSITIVE_INFINITY, (slot, at, i) => {
      if (slot.number(this.#bytes, at, "used") === 0) return null;
      for (let entry = begin + i * perSlot; entry < begin + (i + 1) * perSlot; entry += known.size) {
        const count = known.number(this.#bytes, entry, "count");
        const dependency = known.number(this.#bytes, entry, "dependency");
        if (count > 0 && dependency !== NONE) counts.set(dependency, (counts.get(dependency) ?? 0) + count);
      }
      return null;
    });
    return counts;
  }

  /** Twelve bytes each: number, first epoch, last epoch. */
  #seen(at: number, width: number): Dependency["by"] {
    const all = Array.from({ length: width / 12 }, (_, i) => at + i * 12);
    return all
      .map((from) => {
        const [thread, first, last] = [0, 4, 8].map((offset) => this.#bytes.readUInt32LE(from + offset));
        return { thread: thread ?? 0, from: first ?? 0, to: last ?? 0 };
      })
      .filter(({ thread }) => thread !== 0);
  }

  /** Eight bytes each: tick, ms. The first half in order, the second a ring. */
  #samples(at: number, width: number, count: number): number[] {
    const used = Math.min(count, width / 8);
    return Array.from({ length: used }, (_, i) => this.#bytes.readUInt32LE(at + i * 8 + 4)).sort((a, b) => a - b);
  }

  #uses(at: number, count: number): LockUse[] {
    const of = (i: number, field: string): number => this.#held.number(this.#bytes, at + i * this.#held.size, field);
    const all = Array.from({ length: count }, (_, i) =>
      this.#use(of(i, "address"), of(i, "generation"), of(i, "kind"), of(i, "mode"), of(i, "site")),
    );
    return all.filter((use) => use !== null);
  }

  #use(address: number, generation: number, kind: number, mode: number, site: number): LockUse | null {
    const [as, how] = [KINDS[kind], MODES[mode]];
    if (!as || !how) return null;
    const lock = as === "thread" ? `thread ${address}` : `${address.toString(16)}#${generation}`;
    return { lock, kind: as, mode: how, site };
  }

  #waits(): HeldWait[] {
    return this.#each("waits", "wait", Number.POSITIVE_INFINITY, (table, at): HeldWait | null => {
      const of = (field: string): number => table.number(this.#bytes, at, field);
      const what = WAITS[of("kind")];
      if (table.wide(this.#bytes, at, "key") === 0n || of("count") === 0 || !what) return null;
      return {
        thread: table.text(this.#bytes, at, "name"),
        for: what,
        holds: this.#uses(table.offset("held", at), of("held_count")),
        site: of("site"),
        longest: of("longest") / 1e6,
        total: of("total") / 1e6,
        count: of("count"),
        at: of("when") / 1e6,
        stack: of("stack") === 0 ? null : of("stack"),
      };
    });
  }

  #holding(threads: ReadonlyMap<number, LockThread>): Holding[] {
    return this.#each("slots", "slot", Number.POSITIVE_INFINITY, (table, at): Holding | null => {
      const of = (field: string): number => table.number(this.#bytes, at, field);
      if (of("used") === 0) return null;
      const begin = table.offset("held", at);
      const held = Array.from({ length: of("held_count") }, (_, i) => {
        const use = (field: string): number => this.#held.number(this.#bytes, begin + i * this.#held.size, field);
        return { address: use("address"), mode: MODES[use("mode")] ?? "exclusive" };
      });
      const thread = of("number");
      return { thread, tid: threads.get(thread)?.tid ?? 0, holds: held, paused: of("wait_kind") === PAUSED };
    });
  }

  #stacks(): Map<number, KeptStack> {
    const most = this.#graph.number(this.#bytes, 0, "stack_count");
    const stacks = this.#each("stacks", "stack", most, (table, at, i): [number, KeptStack] | null => {
      const of = (field: string): number => table.number(this.#bytes, at, field);
      if (of("length") === 0) return null;
      const begin = table.offset("bytes", at);
      const [pc, sp, bp, bx, r12, r13, r14, r15] = [
        of("pc"),
        of("sp"),
        of("bp"),
        of("bx"),
        of("r12"),
        of("r13"),
        of("r14"),
        of("r15"),
      ];
      // A copy: the rest of the file need not stay in memory.
      const kept = Buffer.from(this.#bytes.subarray(begin, begin + of("length")));
      return [i + 1, { registers: { pc, sp, bp, bx, r12, r13, r14, r15 }, bytes: kept }];
    });
    return new Map(stacks);
  }

  #lost(of: (field: string) => number, cut: number): string[] {
    const patterns = this.#each(
      "patterns",
      "pattern",
      Number.POSITIVE_INFINITY,
      (table, at) => table.number(this.#bytes, at, "lost") || null,
    );
    const unnumbered = of("thread_count") + 1 - this.#graph.width("threads") / new Table(this.#layout, "thread").size;
    const all: [number, string][] = [
      [unnumbered, "threads were more than are told apart"],
      [patterns.length, "call sites took more different locks than are kept of each"],
      [of("dependency_lost"), "dependencies found no room"],
      [of("pattern_lost"), "patterns of call sites found no room"],
      [of("wait_lost"), "waits found no room"],
      [of("held_lost"), "locks were more than one thread's list holds"],
      [cut, "dependencies had more locks in hand than are kept: no cycle is sought there"],
      [of("slot_lost"), "threads were more at once than are followed"],
    ];
    return all.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  }
}
