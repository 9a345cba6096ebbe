import { lstat, readdir, readlink, realpath, stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, posix, relative, resolve } from "node:path";
import { ChaosError, messageOf } from "../base/chaos-error.ts";
import { hashFile } from "../base/hash-file.ts";
import type { Engine } from "../docker/engine.ts";
import { staticBusybox } from "./busybox.ts";
import { type ElfFile, readElf } from "./elf.ts";
import type { ImageRecipe } from "./image-recipe.ts";
import { recipeChanges } from "./import-changes.ts";
import { inspectProgram } from "./inspect-program.ts";
import { Layer } from "./layer.ts";
import { type LibraryOptions, resolveLibraries } from "./libraries.ts";

/*
 *   server binary ──┐
 *   its loader and libraries ──┤
 *   programs beside it, --add files ──┼─► Layer ─► tar ─► docker import --change … ─► image
 *   busybox as /bin/sh ──┤                                     ▲
 *   passwd, group, /tmp, recipe's files ──┘      ENTRYPOINT, USER, EXPOSE … of the recipe
 *
 * No base image, nothing from a network (but the first busybox), and the same input gives the same layer.
 */

export interface WrapOptions {
  engine: Pick<Engine, "importImage">;
  recipe: ImageRecipe;
  /** The server's program file on this machine. */
  binary: string;
  /** Further files and folders: "/path" keeps its path in the image, "src:/dest" gives it another. */
  add?: readonly string[] | undefined;
  /** "name:tag" of the image; several names give the same files several names. */
  tag: string | readonly string[];
  log: (line: string) => void;
  signal?: AbortSignal | undefined;
  /** Where the binary came from, for the label kvchaos.image.source (default: its path). */
  source?: string | undefined;
  /** Libraries of an unpacked package come before this machine's own. */
  libraries?: LibraryOptions | undefined;
}

/** What the image has of this machine. */
export interface TakenFile {
  what: "server" | "beside it" | "library" | "added";
  source: string;
  /** In the image. */
  path: string;
  /** More than one in a folder. */
  files: number;
}

/**
 * Makes an image from a server binary of this machine, in seconds and without a base image. It starts as the recipe
 * (so: as the system's official image) says. Rejects with code `usage` when the binary is missing, is no ELF program or
 * is built for another architecture, and with `infrastructure` when it needs a library that is not here.
 */
export async function wrapImage(options: WrapOptions) {
  const { engine, recipe, log, signal } = options;
  const tags = typeof options.tag === "string" ? [options.tag] : [...options.tag];
  const given = resolve(options.binary);
  const main = await inspectProgram(given);
  const binary = await realpath(given);
  const layer = new Layer();
  const taken: TakenFile[] = [{ what: "server", source: binary, path: recipe.binaryPath, files: 1 }];
  const takes = (what: TakenFile["what"], source: string, path: string, files = 1): void => {
    taken.push({ what, source, path, files });
  };

  layer.put(recipe.binaryPath, { type: "file", source: binary, mode: 0o755 });
  const programs = new Map<string, ElfFile>([[binary, main]]);
  for (const name of recipe.extraBinaries ?? []) await addBeside(layer, programs, given, recipe, name, takes);
  for (const item of options.add ?? []) await addItem(layer, programs, item, takes);

  const libraries = new Set<string>();
  for (const [path, elf] of programs) {
    const loader = elf.interpreter ?? main.interpreter;
    if (!loader) continue; // Static, or a library that a static program could not load anyway.
    const found = await resolveLibraries(path, elf, loader, { ...options.libraries, signal });
    for (const library of found) {
      if (!libraries.has(library.path)) takes("library", library.source, library.path);
      libraries.add(library.path);
      layer.put(library.path, { type: "file", source: library.source, mode: 0o755 });
    }
  }
  await addFiles(layer, recipe, given, takes);
  addAccounts(layer, recipe);
  if (recipe.shell !== "none") await addBusybox(layer, log, signal);

  const { sha256: binarySha256 } = await hashFile(binary);
  const changes = recipeChanges(recipe, {
    "kvchaos.image.source": options.source ?? given,
    "kvchaos.image.binary-sha256": binarySha256,
  });
  log(`making image ${tags.join(", ")} from ${options.source ?? given} and ${libraries.size} libraries`);
  let id = "";
  for (const tag of tags) id = await engine.importImage(layer.stream(), tag, changes, { signal });
  const [server, ...others] = taken;
  const rank = ({ what }: TakenFile): number => ["library", "beside it", "added"].indexOf(what);
  others.sort((a, b) => rank(a) - rank(b) || (a.path < b.path ? -1 : 1));
  return {
    ...{ tags, id, binarySha256 },
    /** Paths of the libraries in the image. */
    libraries: [...libraries].sort(),
    /** The server first, then libraries, then the rest, each by path. */
    taken: [server as TakenFile, ...others],
  };
}

type Takes = (what: TakenFile["what"], source: string, path: string, files?: number) => void;

async function addBeside(
  layer: Layer,
  programs: Map<string, ElfFile>,
  binary: string,
  recipe: ImageRecipe,
  name: string,
  takes: Takes,
): Promise<void> {
  const source = await fileBeside(binary, name);
  if (source === undefined) return; // A developer's build may have made the server only.
  const destination = posix.join(dirname(recipe.binaryPath), basename(name));
  layer.put(destination, { type: "file", source, mode: 0o755 });
  takes("beside it", source, destination);
  const elf = await readElf(source);
  if (elf) programs.set(source, elf);
}

/** The real path of a file in the same folder; undefined: there is none. */
async function fileBeside(binary: string, name: string): Promise<string | undefined> {
  const path = join(dirname(binary), name);
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() ? realpath(path) : undefined;
}

/** Adds "src:dest" or "path"; folders with all they hold, links inside them as links. */
async function addItem(layer: Layer, programs: Map<string, ElfFile>, item: string, takes: Takes): Promise<void> {
  const { source, destination } = parseAdd(item);
  const top = await realpath(source).catch((error: unknown) => {
    throw new ChaosError("infrastructure", `cannot add ${item}: ${messageOf(error)}`, {
      hint: "Write --add PATH or --add SOURCE:DESTINATION with an existing source.",
      cause: error,
    });
  });
  takes("added", top, destination, await addTree(layer, programs, top, destination));
}

/** "a/b" → its absolute path twice; "a/b:/etc/c" → source and destination. */
function parseAdd(item: string): { source: string; destination: string } {
  const at = item.indexOf(":");
  const source = resolve(at < 0 ? item : item.slice(0, at));
  const destination = at < 0 ? source : item.slice(at + 1);
  if (at === 0 || !isAbsolute(destination) || posix.normalize(destination) === "/") {
    throw new ChaosError("usage", `cannot add "${item}": the destination must be an absolute path below /`, {
      hint: "Write --add PATH or --add SOURCE:/absolute/destination.",
    });
  }
  return { source, destination: posix.normalize(destination).replace(/\/$/, "") };
}

/** @returns how many files and links it added */
async function addTree(layer: Layer, programs: Map<string, ElfFile>, source: string, path: string): Promise<number> {
  const found = await lstat(source);
  if (found.isDirectory()) {
    layer.put(path, { type: "directory", mode: found.mode & 0o7777 });
    let files = 0;
    for (const name of (await readdir(source)).sort()) {
      files += await addTree(layer, programs, join(source, name), posix.join(path, name));
    }
    return files;
  }
  if (found.isSymbolicLink()) {
    layer.put(path, { type: "symlink", target: await readlink(source), mode: 0o777 });
  } else if (found.isFile()) {
    layer.put(path, { type: "file", source, mode: found.mode & 0o7777 });
    const elf = await readElf(source);
    if (elf) programs.set(source, elf);
  } else {
    throw new ChaosError("infrastructure", `cannot add ${source}: it is neither a file, a folder nor a link`);
  }
  return 1;
}

/** Users, the folders that belong to the server, and what libc reads to resolve names. */
function addAccounts(layer: Layer, recipe: ImageRecipe): void {
  const { name, uid } = recipe.user;
  const home = recipe.workingDirectory;
  const user = uid === 0 ? [] : [{ passwd: `${name}:x:${uid}:${uid}::${home}:/bin/sh`, group: `${name}:x:${uid}:` }];
  const passwd = [
    "root:x:0:0:root:/root:/bin/sh",
    ...user.map((line) => line.passwd),
    "nobody:x:65534:65534::/:/bin/false",
  ];
  const group = ["root:x:0:", ...user.map((line) => line.group), "nogroup:x:65534:"];
  layer.offer("/etc/passwd", { type: "text", text: `${passwd.join("\n")}\n`, mode: 0o644 });
  layer.offer("/etc/group", { type: "text", text: `${group.join("\n")}\n`, mode: 0o644 });
  layer.offer("/etc/nsswitch.conf", {
    type: "text",
    text: "passwd: files\ngroup: files\nhosts: files dns\n",
    mode: 0o644,
  });
  layer.offer("/tmp", { type: "directory", mode: 0o1777 });
  for (const folder of new Set([...recipe.volumes, home])) {
    // Docker gives a new volume the owner that the folder has in the image.
    if (folder !== "/") layer.offer(folder, { type: "directory", mode: 0o755, owner: uid });
  }
}

/** The recipe's own files, where nothing was added in their place. */
async function addFiles(layer: Layer, recipe: ImageRecipe, binary: string, takes: Takes): Promise<void> {
  for (const { path, mode, content, beside } of recipe.files) {
    const owner = recipe.volumes.some((folder) => !relative(folder, path).startsWith("..")) ? recipe.user.uid : 0;
    const source = beside === undefined ? undefined : await fileBeside(binary, beside);
    if (source !== undefined) {
      if (layer.get(path) === undefined) takes("beside it", source, path);
      layer.offer(path, { type: "file", source, mode, owner });
    } else layer.offer(path, { type: "text", text: content, mode, owner });
  }
}

async function addBusybox(layer: Layer, log: (line: string) => void, signal: AbortSignal | undefined): Promise<void> {
  const busybox = await staticBusybox(log, signal);
  layer.offer("/bin/busybox", { type: "file", source: busybox.path, mode: 0o755 });
  for (const applet of busybox.applets) layer.offer(applet, { type: "symlink", target: "/bin/busybox", mode: 0o777 });
}
