import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { ChaosError } from "../base/chaos-error.ts";
import { missingPrograms } from "../base/programs.ts";
import { runCommand } from "../base/run-command.ts";
import { cacheDirectory } from "../images/cache-directory.ts";

const COMPILE_MS = 60_000;
const FLAGS = ["-O2", "-g", "-std=gnu11", "-fno-strict-aliasing", "-w"];
/** Thread-local variables at fixed places: no call to reach one. Linked against the C library and its loader alone: it must run in every image. */
const SHARED = [
  "-shared",
  "-fPIC",
  "-fvisibility=hidden",
  "-ftls-model=initial-exec",
  "-fno-stack-protector",
  "-Wl,-z,now",
];

/** A library for LD_PRELOAD, as made on this machine. */
export interface CompiledLibrary {
  path: string;
  /** SHA-256 of what it was made of, hexadecimal. */
  hash: string;
  /** What its source says of itself, compiled with PRINT_LAYOUT; null: nobody asked. */
  layout: string | null;
}

interface Recipe {
  /** Its C source. */
  source: string;
  /** Of the library's file and its folder in the cache. */
  name: string;
  /** What it is for: "the library that sees locks". */
  what: string;
  /** What its user does without it. */
  hint: string;
  printsLayout?: boolean;
  signal?: AbortSignal | undefined;
}

/** What is missing to make one; null: nothing. */
export function missingForLibrary(): string | null {
  return missingPrograms(["cc"], "gcc, libc6-dev");
}

/** Made once for a source and a compiler, and kept. Rejects where there is no compiler, or it fails. */
export async function compileLibrary(recipe: Recipe): Promise<CompiledLibrary> {
  const { source, name, what, hint, printsLayout = false, signal } = recipe;
  const missing = missingForLibrary();
  if (missing !== null) {
    throw new ChaosError("infrastructure", `${what} cannot be made: ${missing}`, {
      hint: `Install a C compiler, or ${hint}.`,
    });
  }
  const compiler = await runCommand(["cc", "--version"], { within: 10_000, signal });
  const hash = createHash("sha256")
    .update(JSON.stringify([await readFile(source, "utf8"), FLAGS, SHARED, compiler.stdout]))
    .digest("hex");
  const folder = path.join(await cacheDirectory(), name, hash.slice(0, 16));
  const made = await kept(folder, name, printsLayout);
  if (made !== null) return { ...made, hash };
  const parent = path.dirname(folder);
  await mkdir(parent, { recursive: true });
  const draft = await mkdtemp(path.join(parent, "making-"));
  try {
    const options = { within: COMPILE_MS, signal, cwd: draft, hint: "Is the compiler complete (package libc6-dev)?" };
    await runCommand(["cc", ...FLAGS, ...SHARED, "-o", `${name}.so`, source], options);
    if (printsLayout) {
      await runCommand(["cc", ...FLAGS, "-DPRINT_LAYOUT", "-o", "layout", source], options);
      const { stdout } = await runCommand([path.join(draft, "layout")], options);
      await writeFile(path.join(draft, "layout.json"), stdout);
    }
    // Two that make it at once have made the same.
    await rename(draft, folder).catch(() => rm(draft, { recursive: true, force: true }));
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
  const ready = await kept(folder, name, printsLayout);
  if (ready === null) throw new ChaosError("infrastructure", `${folder} has no library although it was just made`);
  return { ...ready, hash };
}

async function kept(
  folder: string,
  name: string,
  printsLayout: boolean,
): Promise<Omit<CompiledLibrary, "hash"> | null> {
  const library = path.join(folder, `${name}.so`);
  try {
    if (!printsLayout) await readFile(library);
    return { path: library, layout: printsLayout ? await readFile(path.join(folder, "layout.json"), "utf8") : null };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
