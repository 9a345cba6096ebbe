import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { messageOf } from "../../base/chaos-error.ts";
import { printable } from "../../base/escape.ts";
import { findProgram } from "../../base/programs.ts";
import type { KeptStack } from "../graph.ts";
import { coreFile } from "./core-file.ts";
import { quietGdb, runGdb } from "./gdb-process.ts";
import type { KnownFile } from "./known-files.ts";
import { type Module, placeOf } from "./modules.ts";
import { runTool, type ToolOptions } from "./run-tool.ts";

/** Frames; the library's own are 4. */
const DEPTH = 48;
/** Stacks for one gdb: each is three commands on its command line. */
const AT_ONCE = 400;

/** A module's file on this machine; null: it cannot be had. */
export type FileOf = (module: string) => Promise<(KnownFile & { path: string }) | null>;

/**
 * Return addresses of kept stacks, innermost first, without those of the lock library, whose function kept them. One gdb unwinds all of them
 * by core files made of what was kept; the server is not touched. A stack is cut where the next frame would be a guess.
 */
export async function unwindStacks(
  stacks: ReadonlyMap<number, KeptStack>,
  modules: ReadonlyMap<string, Module>,
  fileOf: FileOf,
  options: ToolOptions,
): Promise<{ traces: Map<number, number[]>; why: string | null }> {
  const traces = new Map<number, number[]>();
  if (stacks.size === 0) return { traces, why: null };
  const gdb = findProgram("gdb", options.folders);
  if (!gdb) return { traces, why: "gdb is not installed on this machine" };
  const folder = await mkdtemp(path.join(tmpdir(), "kvchaos-stacks-"));
  try {
    const loaded = await loadModules(folder, stacks.values(), modules, fileOf, options);
    const all = [...stacks];
    let why: string | null = null;
    for (let from = 0; from < all.length; from += AT_ONCE) {
      const part = all.slice(from, from + AT_ONCE);
      const asked = await Promise.all(
        part.map(async ([number, stack]) => {
          const core = path.join(folder, `core.${number}`);
          await writeFile(core, coreFile(stack));
          return [`echo \\n=${number}\\n`, `core-file ${core}`, `bt ${DEPTH}`].flatMap((command) => ["-ex", command]);
        }),
      );
      const load = loaded.commands.flatMap((command) => ["-ex", command]);
      const args = [...quietGdb("set auto-solib-add off", "set width 0"), ...load, ...asked.flat()];
      const { output, errors, failed } = await runGdb(gdb, args, { ...options, most: 64 * 1024 * 1024 });
      options.signal?.throwIfAborted();
      for (const [number, addresses] of framesOf(output)) {
        const stack = stacks.get(number);
        if (stack) traces.set(number, believable(stack, addresses, modules, loaded.names));
      }
      const last = errors
        .split("\n")
        .filter((line) => line !== "" && !line.startsWith("warning: "))
        .at(-1);
      why ??= failed ?? (last ? `gdb failed: ${printable(last)}` : null);
    }
    return { traces, why };
  } catch (error) {
    options.signal?.throwIfAborted();
    return { traces, why: messageOf(error) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Only modules to which something on the stacks could point. Without debugging information, which gdb needs not to unwind and which takes
 * it seconds to read; by names of ours, because gdb takes its commands apart at spaces.
 */
async function loadModules(
  folder: string,
  stacks: Iterable<KeptStack>,
  modules: ReadonlyMap<string, Module>,
  fileOf: FileOf,
  options: ToolOptions,
): Promise<{ commands: string[]; names: ReadonlySet<string> }> {
  const objcopy = findProgram("objcopy", options.folders);
  const [commands, names] = [[] as string[], new Set<string>()];
  for (const module of touched(stacks, modules)) {
    const file = await fileOf(module);
    const bias = file === null ? null : biasOf(modules.get(module), file);
    if (file === null || bias === null) continue;
    const local = path.join(folder, `module.${commands.length}`);
    const lean = objcopy && (await runTool(objcopy, ["--strip-debug", file.path, local], options));
    if (!lean || lean.failed !== null || lean.errors !== "") {
      await rm(local, { force: true });
      await symlink(path.resolve(file.path), local);
    }
    commands.push(`add-symbol-file ${local} -o 0x${bias.toString(16)}`);
    names.add(module);
  }
  return { commands, names };
}

function touched(stacks: Iterable<KeptStack>, modules: ReadonlyMap<string, Module>): Set<string> {
  const found = new Set<string>();
  const look = (address: number): void => {
    const place = placeOf(modules, address);
    if (place) found.add(place.module);
  };
  const seen = new Set<bigint>();
  for (const { registers, bytes } of stacks) {
    look(registers.pc);
    for (let at = 0; at + 8 <= bytes.length; at += 8) {
      const value = bytes.readBigUInt64LE(at);
      if (value < 4096n || value >= 1n << 47n || seen.has(value)) continue;
      seen.add(value);
      look(Number(value));
    }
  }
  return found;
}

/** What the loader has added to the file's own addresses; null: the file is not the one that is mapped. */
function biasOf(module: Module | undefined, { program }: KnownFile): number | null {
  for (const { from, to, offset, executable } of module?.parts ?? []) {
    const code = executable ? program.codeIn(offset, offset + to - from) : null;
    if (code) return from + (code.offset - offset) - code.address;
  }
  return null;
}

/** By stack: the address of every frame that is not put into another one by the compiler; of the innermost one the registers tell. */
function framesOf(output: string): Map<number, number[]> {
  const traces = new Map<number, number[]>();
  let current: number[] = [];
  for (const line of output.split("\n")) {
    const number = /^=(\d+)$/.exec(line)?.[1];
    if (number !== undefined) {
      current = [];
      traces.set(Number(number), current);
    }
    const address = /^#[1-9]\d*\s+0x([0-9a-f]+) in /.exec(line)?.[1];
    if (address !== undefined) current.push(Number.parseInt(address, 16));
  }
  return traces;
}

/** Up to the first frame in a place that is no code, or in a file that gdb could not read and from where it would guess. */
function believable(
  stack: KeptStack,
  addresses: readonly number[],
  modules: ReadonlyMap<string, Module>,
  readable: ReadonlySet<string>,
): number[] {
  const library = placeOf(modules, stack.registers.pc)?.module;
  const places = addresses.map((address) => placeOf(modules, address)?.module);
  const kept: number[] = [];
  for (const [i, address] of addresses.entries()) {
    const module = places[i];
    if (module === undefined) break;
    if (module !== library) kept.push(address);
    if (!readable.has(module)) break;
  }
  return kept;
}
