import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { chmod, writeFile } from "node:fs/promises";
import path from "node:path";
import { makeSharedFolder } from "../docker/shared-folder.ts";
import { type CompiledLibrary, compileLibrary } from "./compile-library.ts";

/** Where a container sees them. */
const FOLDER_INSIDE = "/kvchaos-interpose";
const LIBRARY_INSIDE = "/kvchaos-interpose.so";
const CONTROL = "control";
/** Places in the control file, as interpose.c has them; one of its numbers tells that they are the same. */
const LAYOUT = 1;
const AT = {
  loaded: 4,
  names: 8,
  step: 520,
  drift: 528,
  driftSince: 536,
  writeError: 544,
  syncError: 548,
  probability: 552,
  full: 556,
  failedWrites: 560,
  failedSyncs: 568,
  syncs: 576,
  overwrites: 584,
  began: 592,
  directory: 600,
  files: 856,
} as const;
const NAMES = 32;
const NAME_BYTES = 16;
const DIRECTORY_MAX = 255;
const FILES = 65_536;
const FILE_BYTES = 32;
const SIZE = AT.files + FILES * FILE_BYTES;
const MILLION = 1_000_000;
const NS = 1_000_000;
/** As Linux numbers them. */
const ERRNO = { EIO: 5, ENOSPC: 28 } as const;

/** How far a clock is off. */
export interface Skew {
  /** ms ahead of the machine's. */
  by: number;
  /** So much faster than it: 0.01 is 1 %. */
  drift: number;
}

export interface DiskErrors {
  error: keyof typeof ERRNO;
  writes: boolean;
  syncs: boolean;
  /** From 0 to 1. */
  probability: number;
}

/** A file as the library saw it synced last. */
export interface SyncedFile {
  /** When it was made, ns of the wall clock. */
  born: bigint;
  /** Bytes from its beginning that are safe. */
  size: bigint;
  /** It was mapped for shared writing: what is safe of it is not known. */
  mapped: boolean;
}

/** What the library knows of a node's files. */
export interface SyncedFiles {
  byInode: ReadonlyMap<bigint, SyncedFile>;
  /** Files that were made before are safe, ns of the wall clock. */
  began: bigint;
  /** Writes over bytes that were safe already. */
  overwrites: number;
  /** There were more files than it has room for. */
  full: boolean;
}

/** Made once, and kept. Rejects where there is no compiler, or it fails. */
export function makeInterposer(signal?: AbortSignal): Promise<CompiledLibrary> {
  const source = path.join(import.meta.dirname, "library", "interpose.c");
  const what = "the library that gives a server another clock or a broken disk";
  return compileLibrary({ source, name: "interpose", what, hint: "leave the faults out that need it", signal });
}

/** One node's folder that the library in its server and this machine share. */
export class InterposeFolder {
  readonly #folder: string;
  readonly #library: string;
  readonly #control: number;
  readonly #skews = new Map<string, Skew>();
  readonly #errors = new Map<string, DiskErrors>();

  private constructor(folder: string, library: string) {
    this.#folder = folder;
    this.#library = library;
    this.#control = openSync(path.join(folder, CONTROL), "r+");
  }

  /** @param directory of the node's data, inside of its container */
  static async make(
    runId: string,
    node: string,
    library: CompiledLibrary,
    directory: string,
  ): Promise<InterposeFolder> {
    const folder = await makeSharedFolder(runId, `${node}-interpose`);
    const control = Buffer.alloc(SIZE);
    control.writeUInt32LE(LAYOUT, 0);
    control.write(directory.slice(0, DIRECTORY_MAX), AT.directory);
    await writeFile(path.join(folder, CONTROL), control);
    // A server may run as another user. Not by writeFile's mode, of which the umask takes away.
    await chmod(path.join(folder, CONTROL), 0o666);
    return new InterposeFolder(folder, library.path);
  }

  /** What a container needs for its programs to load the library. */
  launch(preloaded: string | undefined) {
    return {
      binds: [
        { host: this.#folder, path: FOLDER_INSIDE, readOnly: false },
        { host: this.#library, path: LIBRARY_INSIDE, readOnly: true },
      ],
      environment: {
        LD_PRELOAD: preloaded ? `${LIBRARY_INSIDE}:${preloaded}` : LIBRARY_INSIDE,
        KVCHAOS_INTERPOSE: FOLDER_INSIDE,
      },
    };
  }

  /** Names of the programs that have loaded it, the first 32. */
  loaded(): string[] {
    const count = Math.min(this.#read(AT.loaded, 4).readUInt32LE(), NAMES);
    return Array.from({ length: count }, (_, i) => {
      return this.#read(AT.names + i * NAME_BYTES, NAME_BYTES)
        .toString("utf8")
        .replace(/\0.*$/s, "");
    });
  }

  /** From now on the clock is off by this, too: several add up. */
  skew(id: string, skew: Skew): void {
    this.#skews.set(id, skew);
    this.#setClock();
  }

  /** Idempotent. */
  unskew(id: string): void {
    this.#skews.delete(id);
    this.#setClock();
  }

  /** From now on writes or syncs fail; of several the last one counts. */
  fail(id: string, errors: DiskErrors): void {
    this.#errors.set(id, errors);
    this.#setErrors();
  }

  /** Idempotent. */
  unfail(id: string): void {
    this.#errors.delete(id);
    this.#setErrors();
  }

  /** Calls that have failed so, since the run's beginning. */
  failures(): { writes: number; syncs: number } {
    const counts = this.#read(AT.failedWrites, 16);
    return { writes: Number(counts.readBigUInt64LE(0)), syncs: Number(counts.readBigUInt64LE(8)) };
  }

  synced(): SyncedFiles {
    const all = this.#read(0, SIZE);
    const byInode = new Map<bigint, SyncedFile>();
    for (let at = AT.files; at < SIZE; at += FILE_BYTES) {
      const inode = all.readBigUInt64LE(at);
      if (inode === 0n) continue;
      const [born, size] = [all.readBigInt64LE(at + 8), all.readBigUInt64LE(at + 16)];
      byInode.set(inode, { born, size, mapped: all.readBigUInt64LE(at + 24) !== 0n });
    }
    return {
      byInode,
      began: all.readBigInt64LE(AT.began),
      overwrites: Number(all.readBigUInt64LE(AT.overwrites)),
      full: all.readUInt32LE(AT.full) !== 0,
    };
  }

  close(): void {
    closeSync(this.#control);
  }

  #setClock(): void {
    const all = [...this.#skews.values()];
    const sum = (of: (skew: Skew) => number): number => all.reduce((total, skew) => total + of(skew), 0);
    // No moment in which an old drift counts from a new beginning.
    this.#write(AT.drift, 0n);
    this.#write(AT.driftSince, process.hrtime.bigint());
    this.#write(AT.step, BigInt(Math.round(sum(({ by }) => by) * NS)));
    this.#write(AT.drift, BigInt(Math.round(sum(({ drift }) => drift) * 1e9)));
  }

  #setErrors(): void {
    const last = [...this.#errors.values()].at(-1);
    const code = last ? ERRNO[last.error] : 0;
    const bytes = Buffer.alloc(12);
    bytes.writeUInt32LE(last?.writes ? code : 0, 0);
    bytes.writeUInt32LE(last?.syncs ? code : 0, 4);
    bytes.writeUInt32LE(Math.round((last?.probability ?? 0) * MILLION), 8);
    writeSync(this.#control, bytes, 0, bytes.length, AT.writeError);
  }

  #write(at: number, value: bigint): void {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(value);
    writeSync(this.#control, bytes, 0, bytes.length, at);
  }

  #read(at: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    readSync(this.#control, bytes, 0, length, at);
    return bytes;
  }
}
