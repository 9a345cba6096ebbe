import { strict as assert } from "node:assert";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import type { LockGraph, LockUse } from "../../locks/graph.ts";
import { readGraphFile } from "../../locks/library/graph-file.ts";
import { Table } from "../../locks/library/layout.ts";
import { type LockLibrary, makeLibrary, missingForLibrary } from "../../locks/library/make-library.ts";
import { compile } from "../program.support.ts";
import { skip } from "../skip.support.ts";

const run = promisify(execFile);

/** A folder as a server's library and kvchaos share it, without a container. */
export class LockProgram {
  readonly folder: string;
  readonly #program: string;
  readonly #library: LockLibrary;

  private constructor(folder: string, program: string, library: LockLibrary) {
    this.folder = folder;
    this.#program = program;
    this.#library = library;
  }

  /** @param program path of programs/locks.c, compiled @param numbers what is set in the control file, besides the layout's version */
  static async make(
    program: string,
    library: LockLibrary,
    numbers: Readonly<Record<string, number>> = {},
  ): Promise<LockProgram> {
    const folder = await mkdtemp(path.join(tmpdir(), "kvchaos-locks-"));
    const table = new Table(library.layout, "control");
    const control = Buffer.alloc(table.size);
    const all = { layout: library.layout.version, tick: 1, long_wait_ms: 50, ...numbers };
    for (const [field, value] of Object.entries(all)) table.set(control, 0, field, value);
    await writeFile(path.join(folder, "control"), control);
    return new LockProgram(folder, program, library);
  }

  get environment(): { LD_PRELOAD: string; KVCHAOS_LOCKS: string } {
    return { LD_PRELOAD: this.#library.path, KVCHAOS_LOCKS: this.folder };
  }

  /** Runs it to its end. Rejects where it fails. @returns the graphs, oldest first, and names of locks by address */
  async run(mode: string): Promise<Ran> {
    const { stdout } = await run(this.#program, [mode], { env: { ...process.env, ...this.environment } });
    return { graphs: await this.graphs(), names: lockNames(stdout), stdout };
  }

  async graphs(): Promise<LockGraph[]> {
    const files = (await readdir(this.folder)).filter((file) => file.endsWith(".graph"));
    const read = files.map((file) => readGraphFile(path.join(this.folder, file), this.#library.layout));
    return (await Promise.all(read)).filter((graph) => graph !== null).sort((a, b) => a.started - b.started);
  }

  async control(field: string): Promise<number> {
    const bytes = await readFile(path.join(this.folder, "control"));
    return new Table(this.#library.layout, "control").number(bytes, 0, field);
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

/**
 * For the tests of one suite: a program of programs/, compiled before them, and the library; they skip where that cannot be made. What
 * they made of it is removed after each.
 */
export function lockPrograms(source: "locks.c" | "lock-cases.c") {
  let library: LockLibrary | undefined;
  let program: Awaited<ReturnType<typeof compile>> = null;
  let made: LockProgram[] = [];
  before(async function () {
    const missing = missingForLibrary();
    if (missing !== null) skip(this, missing);
    library = await makeLibrary();
    program = await compile(source);
  });
  after(() => program?.remove());
  afterEach(async () => {
    await Promise.all(made.map((one) => one.remove()));
    made = [];
  });
  const libraryMade = (): LockLibrary => library ?? assert.fail("the library is made before the tests");
  const pathOf = (): string => program?.path ?? assert.fail("the program is compiled before the tests");
  return {
    get path(): string {
      return pathOf();
    },
    get library(): LockLibrary {
      return libraryMade();
    },
    /** @param numbers see `LockProgram.make` @param path of another program */
    async make(numbers: Readonly<Record<string, number>> = {}, path = pathOf()): Promise<LockProgram> {
      const one = await LockProgram.make(path, libraryMade(), numbers);
      made.push(one);
      return one;
    },
  };
}

export interface Ran {
  graphs: LockGraph[];
  names: ReadonlyMap<string, string>;
  stdout: string;
}

/** Of its lines "lock a 55d0c8". */
export function lockNames(stdout: string): Map<string, string> {
  return new Map([...stdout.matchAll(/^lock (\S+) (\S+)$/gm)].map(([, name = "", address = ""]) => [address, name]));
}

/**
 * What was wanted with something in hand, in a line each: "one: a > b"; "(r)" for shared, "#2" for a second lock at the same address,
 * "!" where a thread waits for itself.
 */
export function nested(graph: LockGraph, names: ReadonlyMap<string, string>): string[] {
  const instances = new Map<string, string[]>();
  const told = ({ lock, mode, kind }: LockUse): string => {
    if (kind === "thread") return `<${graph.threads.get(Number(lock.split(" ")[1]))?.name}>`;
    const [address = ""] = lock.split("#");
    const known = instances.get(address) ?? [];
    instances.set(address, known.includes(lock) ? known : [...known, lock]);
    const instance = known.includes(lock) ? known.indexOf(lock) : known.length;
    return `${names.get(address) ?? "?"}${instance === 0 ? "" : `#${instance + 1}`}${mode === "shared" ? "(r)" : ""}`;
  };
  const lines = graph.dependencies
    .filter(({ holds }) => holds.length > 0)
    .map(({ thread, holds, wants, itself }) => {
      return `${thread}: ${holds.map(told).join(" ")} > ${told(wants)}${itself ? " !" : ""}`;
    });
  return [...new Set(lines)].sort();
}
