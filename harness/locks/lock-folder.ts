import { closeSync, openSync, readdirSync, readSync, writeSync } from "node:fs";
import { chmod, writeFile } from "node:fs/promises";
import path from "node:path";
import { ChaosError } from "../base/chaos-error.ts";
import { makeSharedFolder } from "../docker/shared-folder.ts";
import type { LockGraph } from "./graph.ts";
import { readGraphFile } from "./library/graph-file.ts";
import { Table } from "./library/layout.ts";
import type { LockLibrary } from "./library/make-library.ts";
import { type Noise, type PauseRule, type PauseState, PauseTable } from "./pauses.ts";

/** Where a container sees them. */
const FOLDER_INSIDE = "/kvchaos-locks";
export const LIBRARY_INSIDE = "/kvchaos-locks.so";
const CONTROL = "control";
/** As long as a program's name in the kernel. */
const NAME_BYTES = 16;

/** One node's folder that its server's library and this machine share. */
export class LockFolder {
  readonly path: string;
  readonly #library: LockLibrary;
  readonly #control: number;
  readonly #table: Table;
  readonly #pauses: PauseTable;
  #tick = 1;

  private constructor(folder: string, library: LockLibrary) {
    this.path = folder;
    this.#library = library;
    this.#control = openSync(path.join(folder, CONTROL), "r+");
    this.#table = new Table(library.layout, "control");
    this.#pauses = new PauseTable(library.layout);
  }

  /** @param longWait ms from which on a wait with a lock in hand is written down */
  static async make(runId: string, node: string, library: LockLibrary, longWait: number): Promise<LockFolder> {
    const folder = await makeSharedFolder(runId, node);
    const table = new Table(library.layout, "control");
    const control = Buffer.alloc(table.size);
    table.set(control, 0, "layout", library.layout.version);
    table.set(control, 0, "tick", 1);
    table.set(control, 0, "long_wait_ms", longWait);
    await writeFile(path.join(folder, CONTROL), control);
    // A server may run as another user. Not by writeFile's mode, of which the umask takes away.
    await chmod(path.join(folder, CONTROL), 0o666);
    return new LockFolder(folder, library);
  }

  /** The library's file on this machine. */
  get library(): string {
    return this.#library.path;
  }

  /** What a container needs for its programs to load the library. */
  launch(preloaded: string | undefined) {
    return {
      binds: [
        { host: this.path, path: FOLDER_INSIDE, readOnly: false },
        { host: this.#library.path, path: LIBRARY_INSIDE, readOnly: true },
      ],
      environment: {
        LD_PRELOAD: preloaded ? `${LIBRARY_INSIDE}:${preloaded}` : LIBRARY_INSIDE,
        KVCHAOS_LOCKS: FOLDER_INSIDE,
      },
    };
  }

  /** Time passes: what happens again from now on is written down with a new moment. */
  tick(): void {
    this.#tick = (this.#tick + 1) >>> 0;
    this.#write("tick", this.#tick);
  }

  /** Names of the programs that have loaded it, the first 32. */
  loaded(): string[] {
    const control = this.#read();
    const count = Math.min(this.#table.number(control, 0, "loaded_count"), this.#table.width("loaded") / NAME_BYTES);
    const begin = this.#table.offset("loaded");
    return Array.from({ length: count }, (_, i) => {
      const name = control.subarray(begin + i * NAME_BYTES, begin + (i + 1) * NAME_BYTES);
      return name.toString("utf8").replace(/\0.*$/s, "");
    });
  }

  /** What every process of the container that made threads has written, oldest first. Those that say nothing yet are left out. */
  async graphs(): Promise<LockGraph[]> {
    const files = readdirSync(this.path).filter((file) => file.endsWith(".graph"));
    const graphs = await Promise.all(
      files.map((file) => readGraphFile(path.join(this.path, file), this.#library.layout)),
    );
    return graphs.filter((graph) => graph !== null).sort((a, b) => a.started - b.started);
  }

  /** Who holds rwlocks as readers now, in the newest process that has threads: thread ids of the container, by the lock's address. */
  async readers(): Promise<Map<number, number[]>> {
    const readers = new Map<number, number[]>();
    for (const { tid, holds } of (await this.graphs()).at(-1)?.holding ?? []) {
      for (const { address, mode } of holds) {
        if (mode === "shared") readers.set(address, [...(readers.get(address) ?? []), tid]);
      }
    }
    return readers;
  }

  /** From now on threads pause there. Returns its number. @throws ChaosError infrastructure: there is no room for more */
  addPause(rule: PauseRule): number {
    const number = this.#pauses.add(rule);
    this.#writeRules();
    return number;
  }

  /** Who pauses by it goes on at once. */
  endPause(number: number): void {
    this.#pauses.end(number);
    this.#writeRules();
  }

  pauseState(number: number): PauseState {
    return this.#pauses.state(this.#read(), number);
  }

  /** null: none. */
  setNoise(noise: Noise | null): void {
    this.#pauses.noise = noise;
    this.#writeRules();
  }

  close(): void {
    closeSync(this.#control);
  }

  #writeRules(): void {
    // What the library counts in the rules stays: only what is ours is written.
    for (const { offset, bytes } of this.#pauses.parts()) this.#put(bytes, offset);
    const version = this.#table.number(this.#read(), 0, "version");
    this.#write("version", (version + 1) >>> 0);
    this.#write("active", this.#pauses.isActive ? 1 : 0);
  }

  #read(): Buffer {
    const control = Buffer.alloc(this.#table.size);
    const read = readSync(this.#control, control, 0, control.length, 0);
    if (read < control.length) throw new ChaosError("infrastructure", `${this.path}/${CONTROL} is cut off`);
    return control;
  }

  #write(field: string, value: number): void {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    this.#put(bytes, this.#table.offset(field));
  }

  #put(bytes: Buffer, offset: number): void {
    writeSync(this.#control, bytes, 0, bytes.length, offset);
  }
}
