import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { ChaosError } from "../../base/chaos-error.ts";
import { missingPrograms } from "../../base/programs.ts";
import { runCommand } from "../../base/run-command.ts";
import { cacheDirectory } from "../../images/cache-directory.ts";
import { type Layout, parseLayout } from "./layout.ts";

const SOURCE = path.join(import.meta.dirname, "locks.c");
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

/** The library that writes a server's lock graph down, as made on this machine. */
export interface LockLibrary {
  /** For LD_PRELOAD. */
  path: string;
  /** SHA-256 of what it was made of, hexadecimal. */
  hash: string;
  /** How what it writes lies in the file. */
  layout: Layout;
}

/** What is missing to make the library; null: nothing. */
export function missingForLibrary(): string | null {
  return missingPrograms(["cc"], "gcc, libc6-dev");
}

/** Made once for a source and a compiler, and kept. Rejects where there is no compiler, or it fails. */
export async function makeLibrary(signal?: AbortSignal): Promise<LockLibrary> {
  const missing = missingForLibrary();
  if (missing !== null) {
    const hint = "Install a C compiler, or leave `locks` out.";
    throw new ChaosError("infrastructure", `the library that sees locks cannot be made: ${missing}`, { hint });
  }
  const source = await readFile(SOURCE, "utf8");
  const compiler = await runCommand(["cc", "--version"], { within: 10_000, signal });
  const hash = createHash("sha256")
    .update(JSON.stringify([source, FLAGS, SHARED, compiler.stdout]))
    .digest("hex");
  const folder = path.join(await cacheDirectory(), "locks", hash.slice(0, 16));
  const made = await kept(folder);
  if (made !== null) return { ...made, hash };
  const parent = path.dirname(folder);
  await mkdir(parent, { recursive: true });
  const draft = await mkdtemp(path.join(parent, "making-"));
  try {
    const options = { within: COMPILE_MS, signal, cwd: draft, hint: "Is the compiler complete (package libc6-dev)?" };
    await runCommand(["cc", ...FLAGS, ...SHARED, "-o", "locks.so", SOURCE], options);
    await runCommand(["cc", ...FLAGS, "-DPRINT_LAYOUT", "-o", "layout", SOURCE], options);
    const { stdout } = await runCommand([path.join(draft, "layout")], options);
    await writeFile(path.join(draft, "layout.json"), stdout);
    // Two that make it at once have made the same.
    await rename(draft, folder).catch(() => rm(draft, { recursive: true, force: true }));
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
  const ready = await kept(folder);
  if (ready === null) throw new ChaosError("infrastructure", `${folder} has no library although it was just made`);
  return { ...ready, hash };
}

async function kept(folder: string): Promise<Omit<LockLibrary, "hash"> | null> {
  try {
    const layout = parseLayout(await readFile(path.join(folder, "layout.json"), "utf8"));
    return { path: path.join(folder, "locks.so"), layout };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
