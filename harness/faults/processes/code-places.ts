import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { z } from "zod";
import { ChaosError } from "../../base/chaos-error.ts";
import { until } from "../../base/deadline.ts";
import type { ClusterNode } from "../../cluster/cluster.ts";
import type { LockGraph } from "../../locks/graph.ts";
import type { LockFolder } from "../../locks/lock-folder.ts";
import { parseModules } from "../../locks/names/modules.ts";
import { rangesOf } from "../../locks/names/ranges.ts";
import type { CodeRange } from "../../locks/pauses.ts";
import { Parameter } from "../parameters.ts";

/** As many as the library has room for in one pause. */
const MOST = 8;
const OFFSET = /^(.+)\+0x([0-9a-f]{1,12})$/i;
/** The library keeps so much of the end of a path. */
const PATH_MAX = 90;
/** A server makes its first thread soon after its start. */
const GRAPH_MS = 10_000;
const NAMES_MS = 60_000;
/** No server's own code. */
const SYSTEM_FILE = /\/(?:ld-[^/]*|lib(?:c|m|dl|rt|pthread|gcc_s|stdc\+\+|resolv)[.-][^/]*|kvchaos-[^/]*)$/;

const place = z
  .string()
  .min(1)
  .max(300)
  .refine((text) => text.trim() === text && !/[\n\r]/.test(text), {
    error: "expected a function's name or module+0x12ab",
  })
  .meta({ title: "place" });

/** Functions, and places in files: where a thread takes a lock. */
export function placesParameter(about: string): Parameter<string[], string[]> {
  const one = place.transform((text) => [text]);
  return new Parameter<string[], string[]>({
    written: z.union([one, z.array(place).min(1).max(MOST)]).describe(about),
    planned: z.array(place).min(1).max(MOST),
    resolve: (places) => places,
  });
}

/** A place in a file, "kvrocks+0x12ab", and no function's name. */
export function isOffset(text: string): boolean {
  return OFFSET.test(text);
}

/**
 * Where the places are in the files of a node's server. Functions are looked for in its program, then in the libraries that it has loaded.
 * Rejects with code `usage` where there is no such function.
 */
export async function codeRanges(
  places: readonly string[],
  node: Pick<ClusterNode, "name" | "copyOut">,
  locks: Pick<LockFolder, "graphs">,
  signal: AbortSignal,
): Promise<CodeRange[]> {
  const names = places.filter((text) => !isOffset(text));
  const offsets = places.flatMap(offsetRange);
  if (names.length === 0) return offsets;
  const graph = await lastGraph(node.name, locks, signal);
  const folder = await mkdtemp(path.join(tmpdir(), "kvchaos-names-"));
  try {
    const files = new ServerFiles(graph, folder, (from, to) => node.copyOut(from, to, { signal }), signal);
    const ranges: CodeRange[] = [];
    for (const name of names) ranges.push(...(await files.rangesOf(name)));
    return distinct([...offsets, ...ranges]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function offsetRange(text: string): CodeRange[] {
  const [, module = "", digits = ""] = OFFSET.exec(text) ?? [];
  const from = Number.parseInt(digits, 16);
  return digits === "" ? [] : [{ module: module.startsWith("/") ? module : `/${module}`, from, to: from + 1 }];
}

/** Of the process that was started last. */
async function lastGraph(node: string, locks: Pick<LockFolder, "graphs">, signal: AbortSignal): Promise<LockGraph> {
  const what = `a thread of ${node} that the library has seen`;
  return until({ what, within: GRAPH_MS, every: 200, signal }, async () => (await locks.graphs()).at(-1));
}

/** The program of a server and its libraries, copied to this machine when they are asked for. */
class ServerFiles {
  readonly #paths: readonly string[];
  readonly #folder: string;
  readonly #copy: (from: string, to: string) => Promise<void>;
  readonly #signal: AbortSignal;
  readonly #copies = new Map<string, string>();

  constructor(
    { executable, maps }: LockGraph,
    folder: string,
    copy: (from: string, to: string) => Promise<void>,
    signal: AbortSignal,
  ) {
    const libraries = [...parseModules(maps).values()].filter(({ path: file, parts }) => {
      return file !== executable && parts.some((part) => part.executable) && !SYSTEM_FILE.test(file);
    });
    this.#paths = [executable, ...libraries.map(({ path: file }) => file)];
    this.#folder = folder;
    this.#copy = copy;
    this.#signal = signal;
  }

  async rangesOf(name: string): Promise<CodeRange[]> {
    let failure: unknown;
    for (const file of this.#paths) {
      try {
        const ranges = await rangesOf(name, await this.#copyOf(file), { within: NAMES_MS, signal: this.#signal });
        return ranges.map(({ from, to }) => ({ module: file.slice(-PATH_MAX), from, to }));
      } catch (error) {
        this.#signal.throwIfAborted();
        // What the program itself says of the name tells most.
        failure ??= error;
      }
    }
    throw failure ?? new ChaosError("internal", "a server without a program");
  }

  async #copyOf(file: string): Promise<string> {
    const known = this.#copies.get(file);
    if (known !== undefined) return known;
    const to = path.join(this.#folder, `${this.#copies.size}-${path.basename(file)}`);
    await this.#copy(file, to);
    this.#copies.set(file, to);
    return to;
  }
}

function distinct(ranges: readonly CodeRange[]): CodeRange[] {
  const key = ({ module, from, to }: CodeRange): string => `${module} ${from} ${to}`;
  return [...new Map(ranges.map((range) => [key(range), range])).values()];
}
