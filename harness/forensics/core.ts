import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { messageOf } from "../base/chaos-error.ts";
import { printable, printableText } from "../base/escape.ts";
import { findProgram } from "../base/programs.ts";
import { foldFrames } from "../locks/names/fold-frames.ts";
import { quietGdb, runGdb } from "../locks/names/gdb-process.ts";
import { parseBacktraces } from "./backtrace.ts";
import { type CoreOrigin, corePlace } from "./core-place.ts";

/*
 *   container (ended)                     a temporary folder of this machine
 *     <cwd>/core  ──────── copy ───────►    core ──► gdb: which files were mapped?
 *     its program and libraries ─ copy ──►  root/… ─┴► gdb: the stacks of all threads ──► stacks-core.txt
 */

/** Copies one file out of a container, running or not; null: there is no such file. */
export type CopyFile = (path: string, to: string) => Promise<{ bytes: number; modified: number } | null>;

export interface CoreOptions {
  /** Of the process that died; null: nobody noted it while it lived. */
  origin: CoreOrigin | null;
  copy: CopyFile;
  /** When the last core of this node that was looked at had been written, ms since 1970: that one is no news. */
  seen: number | null;
  signal?: AbortSignal | undefined;
  /** ms for gdb. */
  within: number;
}

export type CoreStacks =
  | { found: true; summary: string; text: string; modified: number }
  /** `found` null: there is a core, and no stack of it. */
  | { found: false | null; why: string; modified: number | null };

const DEPTH = 60;
/** Frames of the thread that died that a summary names. */
const NAMED = 6;
/** Through these of the C and C++ libraries a program ends itself: who called them is of interest. */
const ENDING = /^_*(?:GI_)?_*(?:pthread_kill\w*|raise|abort|assert_fail\w*|cxa_\w+|cxxabiv1::\w+|std::terminate)\b/;

/**
 * The stacks of all threads in the core that a dead process has left in its container. gdb reads it with the container's own
 * program and libraries. The core itself is not kept: it holds whatever the server held, passwords and users' data. Rejects
 * only when aborted.
 */
export async function coreStacks(options: CoreOptions): Promise<CoreStacks> {
  const none = (why: string): CoreStacks => ({ found: false, why, modified: null });
  const { origin, copy, seen, signal } = options;
  if (origin === null) return none("nobody noted where its process ran, because /proc does not show it here");
  const place = corePlace(origin);
  if ("why" in place) return none(place.why);
  const directory = await mkdtemp(join(tmpdir(), "kvchaos-core-"));
  try {
    const core = join(directory, "core");
    const copied = await copy(place.path, core);
    if (copied === null || copied.modified === seen) return none(`there is none at ${place.path} in its container`);
    const { modified } = copied;
    const size = `${(copied.bytes / 1e6).toFixed(1)} MB`;
    const read = await readCore({ ...options, core, root: join(directory, "root"), exe: origin.exe });
    if ("why" in read) return { found: null, why: `core of ${size}, but no stacks: ${read.why}`, modified };
    return { found: true, summary: `core of ${size}: ${read.summary}`, text: read.text, modified };
  } catch (error) {
    signal?.throwIfAborted();
    return none(messageOf(error));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function readCore(
  options: CoreOptions & { core: string; root: string; exe: string },
): Promise<{ summary: string; text: string } | { why: string }> {
  const { core, root, exe, copy } = options;
  const gdb = findProgram("gdb");
  if (!gdb) return { why: "gdb is not installed on this machine" };
  const first = await runGdb(gdb, [...quietGdb(), "-core", core, "-ex", "info proc mappings"], options);
  if (first.failed !== null) return { why: first.failed };
  const mapped = first.output.matchAll(/^\s*0x[0-9a-f]+\s+.*\s(\/\S+)$/gm);
  const libraries = new Set([...mapped].map(([, path = ""]) => path).filter((path) => /\.so\b/.test(path)));
  // All in one folder: the names by which programs ask for libraries are often links to those under which they are mapped.
  const program = join(root, basename(exe));
  for (const path of [exe, ...libraries]) await copy(path, join(root, basename(path)));
  const paths = [`set sysroot ${root}`, `set solib-search-path ${root}`];
  const args = [...quietGdb(...paths), program, "-core", core, "-ex", `thread apply all bt ${DEPTH}`];
  const { output, errors, failed } = await runGdb(gdb, args, options);
  const traces = parseBacktraces(output);
  const why = failed ?? errors.split("\n").filter(Boolean).at(-1) ?? "it printed no stack";
  if (traces.length === 0) return { why: `gdb failed: ${printable(why)}` };
  const signal = /Program terminated with signal (\w+)/.exec(output)?.[1] ?? "no signal";
  // gdb begins with the thread that died, which it calls the first one and prints last.
  const frames = foldFrames(traces.at(-1)?.frames ?? []);
  const dead = frames.slice(
    Math.max(
      0,
      frames.findIndex((name) => !ENDING.test(name)),
    ),
  );
  const text = `${printableText(output)}\n`;
  return { summary: `${signal} in ${dead.slice(0, NAMED).join(" < ")}; ${traces.length} threads`, text };
}
