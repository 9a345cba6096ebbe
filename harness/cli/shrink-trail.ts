import { appendFile, readFile, writeFile } from "node:fs/promises";
import { z } from "zod";
import { ChaosError } from "../base/chaos-error.ts";
import type { Tried } from "../run/shrink/shrink.ts";

/** What a search is about: one that is about something else has other runs. */
export interface TrailHead {
  /** Of the whole experiment. */
  key: string;
  seed: string;
  image: string;
  /** The finding that is looked for. */
  finding: string;
}

const headSchema = z.object({
  version: z.literal(1),
  key: z.string(),
  seed: z.string(),
  image: z.string(),
  finding: z.string(),
});
const triedSchema = z.object({ key: z.string(), what: z.string(), outcome: z.enum(["failed", "passed", "unknown"]) });

/** Every run of a search, a line of JSON each: what was tried, for a reader, and what need not be tried again. */
export class ShrinkTrail {
  readonly file: string;
  readonly earlier: readonly Tried[];
  #written: Promise<void> = Promise.resolve();

  private constructor(file: string, earlier: readonly Tried[]) {
    this.file = file;
    this.earlier = earlier;
  }

  /** @throws ChaosError `usage` when the file is the trail of another search, or none */
  static async open(file: string, head: TrailHead): Promise<ShrinkTrail> {
    const first = { version: 1 as const, ...head };
    const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return null;
      throw error;
    });
    if (text === null) {
      await writeFile(file, `${JSON.stringify(first)}\n`);
      return new ShrinkTrail(file, []);
    }
    // The last line may have been cut off by the end of the process.
    const [top, ...lines] = text.split("\n").slice(0, -1).map(parsed);
    if (JSON.stringify(headSchema.safeParse(top).data) !== JSON.stringify(first)) {
      throw new ChaosError("usage", `${file} is the trail of another search`, {
        hint: "Remove it, or write this one elsewhere with --out.",
      });
    }
    if (!text.endsWith("\n")) await writeFile(file, text.slice(0, text.lastIndexOf("\n") + 1));
    return new ShrinkTrail(
      file,
      lines.flatMap((line) => triedSchema.safeParse(line).data ?? []),
    );
  }

  add(tried: Tried): void {
    this.#written = this.#written.then(() => appendFile(this.file, `${JSON.stringify(tried)}\n`));
  }

  /** Everything is in the file. */
  end(): Promise<void> {
    return this.#written;
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
