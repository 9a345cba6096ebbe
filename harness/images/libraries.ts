import { existsSync } from "node:fs";
import { realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { ChaosError } from "../base/chaos-error.ts";
import { runCommand } from "../base/run-command.ts";
import type { ElfFile } from "./elf.ts";

/** One line of what the dynamic loader (or `ldd`) lists. */
export type ListedLibrary =
  | { kind: "found"; name: string; path: string }
  /** Needed by absolute path, or the loader itself: must lie at exactly this path. */
  | { kind: "absolute"; path: string }
  | { kind: "missing"; name: string };

/**
 * Older glibc resolves host names with the first three; every glibc ends threads (pthread_exit, pthread_cancel) and prints
 * stacks with the last, which a program that has it built in does not name: Pika's aborts when its first replica has attached.
 */
const LOADED_BY_NAME = ["libnss_files.so.2", "libnss_dns.so.2", "libresolv.so.2", "libgcc_s.so.1"];

/** A file to copy: from `source` on this machine to `path` in the image. */
export interface LibraryFile {
  path: string;
  source: string;
}

/** Reads the loader's list ("name => /path (0x…)"). The kernel's vdso is no file and is left out. */
export function parseLoaderList(text: string): ListedLibrary[] {
  const listed: ListedLibrary[] = [];
  for (const line of text.split("\n")) {
    const found = /^\s*(\S+) => (\/.*?)(?: \(0x[0-9a-f]+\))?\s*$/.exec(line);
    const missing = /^\s*(\S+) => not found/.exec(line) ?? /Error loading shared library ([^\s:]+):/.exec(line);
    const absolute = /^\s*(\/.*?)(?: \(0x[0-9a-f]+\))\s*$/.exec(line);
    if (found) listed.push({ kind: "found", name: found[1] as string, path: found[2] as string });
    else if (missing) listed.push({ kind: "missing", name: missing[1] as string });
    else if (absolute) listed.push({ kind: "absolute", path: absolute[1] as string });
  }
  return listed;
}

export interface LibraryOptions {
  /** Folder of a file tree (an unpacked package) whose libraries come before this machine's own. */
  root?: string | undefined;
  /** Folders in that tree that hold libraries. */
  searchPath?: readonly string[] | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Everything a dynamically linked program needs to start in an empty file system: the loader at the path the program
 * names, and each library in the folder where that loader looks by default (the one libc is in), whatever RPATH,
 * LD_LIBRARY_PATH or ld.so.cache led to it here. What glibc loads by name at run time comes along.
 * @param loader PT_INTERP of the main program (a shared library names none)
 * Rejects with code `infrastructure`, naming each library that is not on this machine.
 */
export async function resolveLibraries(
  program: string,
  elf: ElfFile,
  loader: string,
  options: LibraryOptions = {},
): Promise<LibraryFile[]> {
  const { root, searchPath = [], signal } = options;
  if (!elf.dynamic) return [];
  const loaderFile = [...(root ? [join(root, loader)] : []), loader].find((file) => existsSync(file));
  if (!loaderFile) {
    throw new ChaosError("infrastructure", `${program} needs the dynamic loader ${loader}, which this machine lacks`, {
      hint: "Wrap the binary on the system it was built for, or build it statically.",
    });
  }
  const listed = await list(program, loaderFile, searchPath, signal);
  const missing = listed.flatMap((library) => (library.kind === "missing" ? [library.name] : []));
  if (missing.length > 0) {
    throw new ChaosError(
      "infrastructure",
      `${program} needs ${missing.join(", ")}, which ${missing.length === 1 ? "is" : "are"} not found on this machine`,
      { hint: "Install the package with that library, or add its folder to LD_LIBRARY_PATH, and wrap again." },
    );
  }
  const libc = listed.find((library) => library.kind === "found" && /^libc\.(so|musl)/.test(library.name));
  const folder = libc?.kind === "found" ? defaultFolder(libc.path, root) : dirname(loader);
  const files: LibraryFile[] = [{ path: loader, source: await realpath(loaderFile) }];
  for (const library of listed) {
    if (library.kind === "found") {
      files.push({ path: join(folder, basename(library.name)), source: await realpath(library.path) });
    } else if (library.kind === "absolute" && basename(library.path) !== basename(loader)) {
      files.push({ path: library.path, source: await realpath(library.path) });
    }
  }
  if (libc?.kind === "found" && libc.name.startsWith("libc.so")) {
    for (const name of LOADED_BY_NAME) {
      const source = join(dirname(libc.path), name);
      if (existsSync(source)) files.push({ path: join(folder, name), source: await realpath(source) });
    }
  }
  return files;
}

function defaultFolder(libc: string, root: string | undefined): string {
  const folder = dirname(libc);
  return root && folder.startsWith(`${root}/`) ? folder.slice(root.length) : folder;
}

async function list(
  program: string,
  loader: string,
  searchPath: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ListedLibrary[]> {
  const musl = basename(loader).startsWith("ld-musl");
  const path = [...searchPath, process.env.LD_LIBRARY_PATH ?? ""].filter((entry) => entry !== "").join(":");
  // What ldd does, without ldd: it tries the host's loaders, we know which one the program names. With the variable
  // set glibc's loader lists instead of running; musl's knows only the option.
  const { stdout, stderr, code } = await runCommand(musl ? [loader, "--list", program] : [loader, program], {
    within: 20_000,
    signal,
    accept: [0, 1, 127],
    env: {
      LC_ALL: "C",
      LD_TRACE_LOADED_OBJECTS: musl ? undefined : "1",
      LD_PRELOAD: undefined,
      LD_WARN: undefined,
      LD_BIND_NOW: undefined,
      LD_LIBRARY_PATH: path === "" ? undefined : path,
    },
  });
  const listed = parseLoaderList(`${stdout}\n${stderr}`);
  if (code !== 0 && !listed.some((library) => library.kind === "missing")) {
    const said = `${stderr}${stdout}`.trim().split("\n").slice(-2).join(" | ");
    throw new ChaosError("infrastructure", `the dynamic loader cannot load ${program}: ${said}`, {
      hint: `See what "ldd ${program}" says.`,
    });
  }
  return listed;
}
