import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Pack, pack } from "tar-stream";
import { ChaosError } from "../base/chaos-error.ts";

type Content =
  | { type: "directory" }
  | { type: "symlink"; target: string }
  | { type: "text"; text: string }
  /** The bytes of a file on this machine; its length is taken when the layer is written. */
  | { type: "file"; source: string };

export type LayerEntry = Content & { mode: number; owner?: number | undefined };

/** Everything in a layer is dated 1970-01-01: the same files give the same bytes, and so the same layer id. */
const EPOCH = new Date(0);

/** The files of an image, by absolute path. Parent folders come by themselves. */
export class Layer {
  readonly #entries = new Map<string, LayerEntry>();

  /** Adds an entry; a path that is there already must be the same thing. */
  put(path: string, entry: LayerEntry): void {
    const old = this.#entries.get(path);
    if (old && !same(old, entry)) {
      throw new ChaosError(
        "infrastructure",
        `two different files for ${path} in one image: ${show(old)} and ${show(entry)}`,
      );
    }
    this.#entries.set(path, entry);
  }

  /** Adds an entry unless the path is taken. */
  offer(path: string, entry: LayerEntry): void {
    if (!this.#entries.has(path)) this.#entries.set(path, entry);
  }

  get(path: string): LayerEntry | undefined {
    return this.#entries.get(path);
  }

  /** The layer as an uncompressed tar: sorted, undated, with numeric owners. An error while reading destroys the stream. */
  stream(): Readable {
    const out = pack();
    this.#write(out).then(
      () => out.finalize(),
      (error: Error) => out.destroy(error),
    );
    return out as unknown as Readable;
  }

  async #write(out: Pack): Promise<void> {
    const all = new Map(this.#entries);
    for (const path of this.#entries.keys()) {
      for (let folder = dirname(path); folder !== "/"; folder = dirname(folder)) {
        if (!all.has(folder)) all.set(folder, { type: "directory", mode: 0o755 });
      }
    }
    // Code-point order, not the locale's: "/a" sorts before "/a/b" and the order is the same everywhere.
    const sorted = [...all].sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [path, entry] of sorted) await writeEntry(out, path, entry);
  }
}

async function writeEntry(out: Pack, path: string, entry: LayerEntry): Promise<void> {
  const owner = entry.owner ?? 0;
  const header = { name: path.slice(1), mode: entry.mode, mtime: EPOCH, uid: owner, gid: owner };
  if (entry.type === "directory") out.entry({ ...header, type: "directory" });
  else if (entry.type === "symlink") out.entry({ ...header, type: "symlink", linkname: entry.target });
  else if (entry.type === "text") out.entry(header, entry.text);
  else {
    const { size } = await stat(entry.source);
    await pipeline(createReadStream(entry.source), out.entry({ ...header, size }));
  }
}

function same(a: LayerEntry, b: LayerEntry): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function show(entry: LayerEntry): string {
  if (entry.type === "file") return entry.source;
  return entry.type === "symlink" ? `a link to ${entry.target}` : `a ${entry.type}`;
}
