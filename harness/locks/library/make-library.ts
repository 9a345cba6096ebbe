import path from "node:path";
import { compileLibrary, missingForLibrary } from "../../interpose/compile-library.ts";
import { type Layout, parseLayout } from "./layout.ts";

export { missingForLibrary };

const SOURCE = path.join(import.meta.dirname, "locks.c");

/** The library that writes a server's lock graph down, as made on this machine. */
export interface LockLibrary {
  /** For LD_PRELOAD. */
  path: string;
  /** SHA-256 of what it was made of, hexadecimal. */
  hash: string;
  /** How what it writes lies in the file. */
  layout: Layout;
}

/** Made once for a source and a compiler, and kept. Rejects where there is no compiler, or it fails. */
export async function makeLibrary(signal?: AbortSignal): Promise<LockLibrary> {
  const { layout, ...library } = await compileLibrary({
    source: SOURCE,
    name: "locks",
    what: "the library that sees locks",
    hint: "leave `locks` out",
    printsLayout: true,
    signal,
  });
  return { ...library, layout: parseLayout(layout ?? "") };
}
