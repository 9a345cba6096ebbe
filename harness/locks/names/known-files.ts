import { messageOf } from "../../base/chaos-error.ts";
import { hashFile } from "../../base/hash-file.ts";
import { demangle } from "./demangle.ts";
import { isWrapper } from "./fold-frames.ts";
import { type ChainLink, inlineChains } from "./inline-chains.ts";
import { type ProgramFile, readProgramFile } from "./program-file.ts";
import type { ToolOptions } from "./run-tool.ts";
import { lambdasIn, shortName } from "./short-name.ts";

/** A program or library, and what was found out of it. */
export interface KnownFile {
  program: ProgramFile;
  /** By address in the file: functions that are in each other there, innermost first; empty: it has no name for it. */
  chains: Map<number, readonly ChainLink[]>;
}

/** By content: containers of one image have copies of one file. */
const KNOWN = new Map<string, KnownFile>();
const KNOWN_MAX = 64;

/** @param path on this machine. Rejects where it cannot be read; null: neither program nor library of a kind that we read */
export async function knownFile(path: string): Promise<KnownFile | null> {
  const { sha256 } = await hashFile(path);
  const known = KNOWN.get(sha256);
  if (known) return known;
  const program = await readProgramFile(path);
  if (program === null) return null;
  const made: KnownFile = { program, chains: new Map() };
  if (KNOWN.size >= KNOWN_MAX) KNOWN.clear();
  KNOWN.set(sha256, made);
  return made;
}

/** Finds the chains at these addresses, all in one go. @returns why they have less than they could, or null */
export async function findChains(
  path: string,
  file: KnownFile,
  addresses: readonly number[],
  options: ToolOptions,
): Promise<string | null> {
  const asked = [...new Set(addresses)].filter((address) => !file.chains.has(address));
  if (asked.length === 0) return null;
  try {
    const symbols = asked.map((address) => file.program.functionAt(address)?.name ?? null);
    const names = await demangle(
      symbols.filter((name) => name !== null),
      options,
    );
    const shown = names.values();
    const bySymbol = new Map<number, string | null>();
    for (const [i, address] of asked.entries()) {
      const symbol = symbols[i] ?? null;
      bySymbol.set(address, symbol === null ? null : (shown.next().value ?? symbol));
    }
    const { chains, why } = await inlineChains(path, bySymbol, options);
    for (const [address, symbol] of bySymbol) {
      const chain = chains.get(address) ?? (symbol === null ? [] : symbolChain(symbol));
      file.chains.set(address, chain);
    }
    return why;
  } catch (error) {
    options.signal?.throwIfAborted();
    return messageOf(error);
  }
}

/** Without debugging information. What runs a lambda has it in itself: which one, if there are more, only the outermost one is sure to be. */
function symbolChain(symbol: string): ChainLink[] {
  const own: ChainLink = { function: shortName(symbol), source: null };
  const lambda = isWrapper(own.function) ? lambdasIn(symbol).at(-1) : undefined;
  return lambda === undefined ? [own] : [{ function: lambda, source: null }, own];
}
