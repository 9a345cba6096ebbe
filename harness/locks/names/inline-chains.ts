import { findProgram } from "../../base/programs.ts";
import { isWrapper } from "./fold-frames.ts";
import { runTool, type ToolOptions } from "./run-tool.ts";
import { lambdasIn, shortName } from "./short-name.ts";

/** One function of those that the compiler has put into each other at an address. */
export interface ChainLink {
  /** Short. */
  function: string;
  /** "storage.cc:120"; null: unknown. */
  source: string | null;
}

const PLACE = /:(?:\?|\d+)(?: \(discriminator \d+\))?$/;

interface Line {
  /** As C++ writes it. */
  name: string;
  place: string;
}

/**
 * Which functions are in each other at addresses of a file, innermost first, by its debugging information. An address of which it has
 * none is missing, and all of them are where addr2line is not there or fails: `why` says so.
 * @param symbols the name, not mangled, of the function that the file's symbols have at an address, which is the outermost one
 */
export async function inlineChains(
  file: string,
  symbols: ReadonlyMap<number, string | null>,
  options: ToolOptions,
): Promise<{ chains: Map<number, ChainLink[]>; why: string | null }> {
  const chains = new Map<number, ChainLink[]>();
  const addr2line = findProgram("addr2line", options.folders);
  if (!addr2line) return { chains, why: "addr2line is not installed on this machine" };
  const addresses = [...symbols.keys()];
  const input = addresses.map((address) => `0x${address.toString(16)}\n`).join("");
  const { output, errors, failed } = await runTool(addr2line, ["-Cfia", "-e", file], { ...options, input });
  const groups = groupsOf(output, addresses);
  if (failed !== null || groups === null) {
    return { chains, why: failed ?? `addr2line failed: ${errors.trim().split("\n").at(-1)}` };
  }
  for (const [i, address] of addresses.entries()) {
    const chain = chainOf(groups[i] ?? [], symbols.get(address) ?? null);
    if (chain !== null) chains.set(address, chain);
  }
  return { chains, why: null };
}

/** Each begins with its address; then come name and place in turn. null: it is not what was asked for. */
function groupsOf(output: string, addresses: readonly number[]): Line[][] | null {
  const lines = output.split("\n");
  const groups: Line[][] = [];
  let at = 0;
  for (const [i, address] of addresses.entries()) {
    if (Number(lines[at]) !== address) return null;
    const next = addresses[i + 1];
    const group: Line[] = [];
    for (at++; at + 1 < lines.length; at += 2) {
      const name = lines[at] ?? "";
      if (group.length > 0 && next !== undefined && /^0x[0-9a-f]{16}$/.test(name) && Number(name) === next) break;
      group.push({ name, place: lines[at + 1] ?? "" });
    }
    groups.push(group);
  }
  return groups;
}

/**
 * null: no debugging information, of which at most the file's name stands in the symbols. What addr2line then calls the function is the
 * symbol before the address, however far: a guess.
 *
 * Binutils (2.40) call the innermost one by the symbol when it is not visible outside of its file (__gthread_mutex_lock, lambdas): that name
 * is no news.
 */
function chainOf(group: readonly Line[], symbol: string | null): ChainLink[] | null {
  const told = group.every(({ place }) => PLACE.test(place)) && group.some(({ place }) => sourceOf(place) !== null);
  if (!told) return null;
  const chain = group.map(({ name, place }) => ({ function: nameIn(name, place), source: sourceOf(place) }));
  const [innermost, outermost] = [chain[0], chain.at(-1)];
  if (outermost && symbol !== null) outermost.function = shortName(symbol);
  const misnamed = chain.length > 1 && shortName(group[0]?.name ?? "") === outermost?.function;
  if (innermost && misnamed) innermost.function = isLibrary(group[0]?.place ?? "") ? "??" : "";
  nameLambdas(chain, symbol ?? "");
  return chain.filter(({ function: name }) => name !== "??" && name !== "");
}

/** Functions of the C++ library that are not visible outside of a file have no namespace in debugging information. */
function nameIn(name: string, place: string): string {
  const short = shortName(name);
  return isLibrary(place) && /^[^:]+$/.test(short) && !short.startsWith("__gthread") ? `std::${short}` : short;
}

function isLibrary(place: string): boolean {
  return /\/include\/(?:.*\/)?c\+\+\//.test(place);
}

/**
 * Lambdas have no name there either: that of what they were put into tells it, where it tells of as many. The innermost one may be one of
 * them, if it has none.
 */
function nameLambdas(chain: ChainLink[], symbol: string): void {
  const lambdas = lambdasIn(symbol);
  if (lambdas.length === 0) return;
  const unnamed = chain.filter(({ function: name }, i) => name === "operator()" || (i === 0 && name === ""));
  const certain = unnamed.filter(({ function: name }) => name !== "");
  const meant = [unnamed, certain].find(({ length }) => length === lambdas.length) ?? [];
  for (const [i, link] of meant.entries()) link.function = lambdas[i] ?? link.function;
}

/** "/build/src/storage.cc:942 (discriminator 3)" → "storage.cc:942" */
function sourceOf(place: string): string | null {
  const [, file, line] = /([^/]+):(\d+)(?: \(discriminator \d+\))?$/.exec(place) ?? [];
  return file === undefined || file === "??" || line === "0" ? null : `${file}:${line}`;
}

/** The first that is no wrapper; the outermost one where all of them are. */
export function usefulLink(chain: readonly ChainLink[]): ChainLink | undefined {
  return chain.find((link) => !isWrapper(link.function)) ?? chain.at(-1);
}
