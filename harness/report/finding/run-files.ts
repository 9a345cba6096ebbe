import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import path from "node:path";

/** One file of a run, as much of it as the report has room for. */
export interface RunFile {
  /** Path below the run's folder. */
  name: string;
  text: string;
  /** null: all of it is there. Otherwise how much is missing, and the SHA-256 of the whole. */
  cut: { shown: number; of: number; sha256: string } | null;
}

/** Reads files of one run's folder and never more of all together than `most` bytes: a report must stay small. */
export class RunFiles {
  readonly #directory: string;
  #left: number;

  constructor(directory: string, most: number) {
    this.#directory = directory;
    this.#left = most;
  }

  /** null: no such file, or not one below the run's folder (a path out of it, a link, a device). */
  async path(name: string): Promise<string | null> {
    try {
      const root = await realpath(this.#directory);
      const file = await realpath(path.resolve(root, name));
      const inside = file.startsWith(`${root}${path.sep}`);
      return inside && (await stat(file)).isFile() ? file : null;
    } catch {
      return null; // the report says that the file is not there
    }
  }

  /** The first `most` bytes of a file as text; bytes that are no UTF-8 become U+FFFD. */
  async read(name: string, most: number): Promise<RunFile | null> {
    const file = await this.path(name);
    if (file === null) return null;
    const { size } = await stat(file);
    const take = this.take(Math.min(most, size));
    const hash = take < size ? createHash("sha256") : null;
    const chunks: Buffer[] = [];
    let kept = 0;
    for await (const chunk of createReadStream(file, hash ? {} : { end: Math.max(0, take - 1) })) {
      const bytes = chunk as Buffer;
      hash?.update(bytes);
      if (kept < take) chunks.push(bytes.subarray(0, take - kept));
      kept += bytes.length;
    }
    const text = Buffer.concat(chunks).toString("utf8");
    return { name, text, cut: hash ? { shown: take, of: size, sha256: hash.digest("hex") } : null };
  }

  /** Reserves room for so many bytes of server text; returns how many there were left. */
  take(bytes: number): number {
    const taken = Math.max(0, Math.min(bytes, this.#left));
    this.#left -= taken;
    return taken;
  }
}
