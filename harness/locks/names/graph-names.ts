import { messageOf } from "../../base/chaos-error.ts";
import { printable } from "../../base/escape.ts";
import { groupBy } from "../../base/group-by.ts";
import type { LockPlace, LockSite } from "../../journal/prediction.ts";
import type { LockGraph } from "../graph.ts";
import { foldFrames, isWrapper } from "./fold-frames.ts";
import { usefulLink } from "./inline-chains.ts";
import { findChains, type KnownFile, knownFile } from "./known-files.ts";
import { type Module, parseModules, placeOf } from "./modules.ts";
import type { ToolOptions } from "./run-tool.ts";
import { unwindStacks } from "./unwind.ts";

/** Gives a file of the container on this machine; null: there is none. May be asked twice. @param path inside the container */
export type FetchFile = (path: string) => Promise<string | null>;

export interface NameOptions extends ToolOptions {
  fetchFile: FetchFile;
  /** ms for each program that is run (addr2line, gdb). */
  within: number;
}

/** A call that takes a lock. */
export interface LockCall {
  /** Return address, in the process. */
  site: number;
  /** Number of the stack that was kept there; null: none. */
  stack: number | null;
}

export interface NamedSite {
  site: LockSite;
  /** Functions there that the compiler has put into each other, innermost first; empty: unknown. */
  chain: readonly string[];
  /** All of these only take locks for others: who calls them is of interest. */
  wrapper: boolean;
}

export interface NamedStack {
  /** From who called into the lock library on, innermost first. */
  frames: readonly NamedSite[];
  /** The same for people: names of functions without what says nothing. */
  names: readonly string[];
  /** Why there is no stack; null: there is one. */
  why: string | null;
}

/** A file of the container on this machine. */
export interface LocalFile extends KnownFile {
  path: string;
}

/**
 * What the addresses in a lock graph mean. No process is looked at, so that it works after its end. What cannot be found out has no name;
 * `problems` says why. Rejects only when aborted.
 */
export class GraphNames {
  readonly #graph: Pick<LockGraph, "maps" | "stacks">;
  readonly #options: NameOptions;
  readonly #modules: ReadonlyMap<string, Module>;
  readonly #files = new Map<string, Promise<LocalFile | null>>();
  readonly #sites = new Map<number, NamedSite>();
  readonly #stacks = new Map<number, NamedStack>();
  readonly #problems = new Set<string>();

  constructor(graph: Pick<LockGraph, "maps" | "stacks">, options: NameOptions) {
    this.#graph = graph;
    this.#options = options;
    this.#modules = parseModules(graph.maps);
  }

  /** In words, each once. */
  get problems(): readonly string[] {
    return [...this.#problems];
  }

  /** Many at once cost little more than one. @param addresses return addresses in the process */
  async sites(addresses: Iterable<number>): Promise<ReadonlyMap<number, NamedSite>> {
    const asked = [...new Set(addresses)].filter((address) => !this.#sites.has(address));
    const placed = asked.map((address) => ({ address, place: placeOf(this.#modules, address) }));
    for (const [module, here] of groupBy(placed, ({ place }) => place?.module ?? "")) {
      const file = module === "" ? null : await this.#file(module);
      // One before the return address is still in the call.
      const own = (offset: number): number | null => file?.program.addressOf(offset - 1) ?? null;
      const wanted = here.flatMap(({ place }) => (place ? (own(place.offset) ?? []) : []));
      const why = file === null ? null : await findChains(file.path, file, wanted, this.#options);
      if (why !== null) this.#problems.add(`${printable(module)}: ${why}`);
      for (const { address, place } of here) {
        const inFile = place === null ? null : own(place.offset);
        const chain = inFile === null ? [] : (file?.chains.get(inFile) ?? []);
        const link = usefulLink(chain);
        const site: LockSite = {
          module: printable(module),
          offset: place?.offset ?? address,
          function: link?.function ?? null,
          source: link?.source ?? null,
        };
        const names = chain.map((one) => one.function);
        this.#sites.set(address, { site, chain: names, wrapper: names.length > 0 && names.every(isWrapper) });
      }
    }
    return this.#sites;
  }

  /** Unwinds kept stacks, all in one go. @param numbers as in `LockGraph.stacks` */
  async stacks(numbers: Iterable<number>): Promise<ReadonlyMap<number, NamedStack>> {
    const asked = [...new Set(numbers)].filter((number) => !this.#stacks.has(number));
    const kept = new Map(
      asked.flatMap((number) => {
        const stack = this.#graph.stacks.get(number);
        return stack ? [[number, stack] as const] : [];
      }),
    );
    const file = (module: string): Promise<LocalFile | null> => this.#file(module);
    const { traces, why } = await unwindStacks(kept, this.#modules, file, this.#options);
    const all = await this.sites([...traces.values()].flat());
    for (const number of asked) {
      const frames = (traces.get(number) ?? []).flatMap((address) => all.get(address) ?? []);
      const names = peoplesNames(frames);
      const reason = kept.has(number) ? (why ?? "gdb could not unwind it") : "none was kept";
      const nameless = names.length === 0 ? "its program has no names of functions" : null;
      this.#stacks.set(number, { frames, names, why: frames.length > 0 ? nameless : reason });
    }
    return this.#stacks;
  }

  /** Where the server takes locks, in the order in which the calls come; callers are those of functions that only take locks for others. */
  async places(calls: readonly LockCall[]): Promise<LockPlace[]> {
    const sites = await this.sites(calls.map(({ site }) => site));
    const inWrapper = calls.filter(({ site }) => sites.get(site)?.wrapper);
    const stacks = await this.stacks(inWrapper.flatMap(({ stack }) => stack ?? []));
    return calls.map(({ site, stack }) => {
      const here = sites.get(site);
      const caller = here?.wrapper && stack !== null ? callerOf(here, stacks.get(stack)?.frames ?? []) : undefined;
      return {
        site: here?.site ?? { module: "", offset: site, function: null, source: null },
        caller: caller?.site ?? null,
      };
    });
  }

  #file(module: string): Promise<LocalFile | null> {
    const found = this.#files.get(module) ?? this.#fetch(module);
    this.#files.set(module, found);
    return found;
  }

  async #fetch(module: string): Promise<LocalFile | null> {
    try {
      const path = await this.#options.fetchFile(module);
      const known = path === null ? null : await knownFile(path);
      if (path !== null && known !== null) return { ...known, path };
      this.#problems.add(
        `${printable(module)}: ${path === null ? "it is not there" : "it is no program that we can read"}`,
      );
    } catch (error) {
      this.#options.signal?.throwIfAborted();
      this.#problems.add(`${printable(module)}: ${messageOf(error)}`);
    }
    return null;
  }
}

/** The C and C++ libraries, which often have no names: nobody looks for a place in them. */
const RUNTIME = /\/(?:lib(?:stdc\+\+|c|pthread|gcc_s)|ld-linux[^/]*)[-.][^/]*$/;

function callerOf({ site }: NamedSite, frames: readonly NamedSite[]): NamedSite | undefined {
  const [first] = frames;
  // Else it was unwound with other files than the server had.
  if (first?.site.module !== site.module || first.site.offset !== site.offset) return undefined;
  return frames.find(({ wrapper, chain, site: { module } }) => !wrapper && (chain.length > 0 || !RUNTIME.test(module)));
}

/** Without wrappers and how threads begin; empty: nothing has a name. */
function peoplesNames(frames: readonly NamedSite[]): string[] {
  const folded = foldFrames(frames.flatMap(({ chain }) => (chain.length > 0 ? chain : ["??"])));
  const own = folded.filter((name) => !isWrapper(name));
  const names = own.length > 0 ? own : folded;
  return names.every((name) => name === "??") ? [] : names;
}
