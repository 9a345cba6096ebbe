import { ChaosError } from "../../base/chaos-error.ts";
import { printable } from "../../base/escape.ts";
import { nearest } from "../../base/mistakes.ts";
import { demangle } from "./demangle.ts";
import { type KnownFile, knownFile } from "./known-files.ts";
import type { FunctionSymbol } from "./program-file.ts";
import type { ToolOptions } from "./run-tool.ts";
import { shortName } from "./short-name.ts";

/** Part of a file that is one function. */
export interface FunctionRange {
  /** Short, see `shortName`. */
  function: string;
  /** Offsets in the file, bytes; `to` is the first behind it. */
  from: number;
  to: number;
}

/** Names told when there is none that was asked for. */
const TOLD = 3;
/** Words of C++ in names that mangled names write otherwise. */
const SPELT =
  /^(?:anonymous|namespace|operator|lambda|new|delete|std|basic_string|allocator|string|istream|ostream|iostream)$/;

/**
 * Where the functions are in a file whose names end so: "ReplicationThread::Stop" is also that of a namespace; "*" stands for anything.
 * Parameters and template arguments do not count; copies and cold parts of a function belong to it. Functions that the compiler has put into
 * all their callers are nowhere.
 *
 * Rejects with code `usage` where there is none, and where the file has no names; as reading does.
 * @param file on this machine
 */
export async function rangesOf(pattern: string, file: string, options: ToolOptions): Promise<FunctionRange[]> {
  const known = await knownFile(file);
  const functions = known?.program.functions ?? [];
  if (known === null || functions.length === 0) {
    throw new ChaosError("usage", `${printable(file)} has no names of functions`, {
      hint: "Use a build of the server that is not stripped.",
    });
  }
  // As people copy names: with parameters.
  const wanted = pattern.includes("*") ? pattern : shortName(pattern);
  const asked = asPattern(wanted);
  const named = await shortNames(functions.filter(mayBe(wanted)), options);
  const ranges = named.filter(({ name }) => asked.test(name)).flatMap((one) => rangeOf(known, one));
  if (ranges.length > 0) return ranges;
  const close = await nearestNames(wanted, functions, options);
  const instead = close.length > 0 ? `; nearest names: ${close.join(", ")}` : "";
  throw new ChaosError("usage", `no such function: "${printable(pattern)}"${instead}`, {
    hint: "One that the compiler has put into its callers has no place of its own: name a caller.",
  });
}

interface Named {
  name: string;
  symbol: FunctionSymbol;
}

async function shortNames(functions: readonly FunctionSymbol[], options: ToolOptions): Promise<Named[]> {
  const names = await demangle(
    functions.map(({ name }) => name),
    options,
  );
  return functions.map((symbol, i) => ({ name: shortName(names[i] ?? symbol.name), symbol }));
}

function rangeOf({ program }: KnownFile, { name, symbol }: Named): FunctionRange[] {
  const from = program.offsetOf(symbol.address);
  return from === null ? [] : [{ function: name, from, to: from + symbol.size }];
}

/** As gdb takes names: from any namespace on. */
function asPattern(pattern: string): RegExp {
  const parts = pattern.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^(?:.*::)?${parts.join(".*")}$`, "s");
}

/** Every word of the pattern stands in the mangled name as well: of tens of thousands only a few need be read. */
function mayBe(pattern: string): (symbol: FunctionSymbol) => boolean {
  const words = pattern.split(/\W+/).filter((word) => word.length > 1 && !SPELT.test(word) && !/^\d/.test(word));
  return ({ name }) => words.every((word) => name.includes(word));
}

async function nearestNames(
  pattern: string,
  functions: readonly FunctionSymbol[],
  options: ToolOptions,
): Promise<string[]> {
  const all = new Set((await shortNames(functions, options)).map(({ name }) => name));
  const parts = pattern.split("::");
  const same = [...all].filter((name) => name.endsWith(`::${parts.at(-1)}`)).sort((a, b) => a.length - b.length);
  const ends = new Set([...all].map((name) => name.split("::").slice(-parts.length).join("::")));
  // Whoever mistypes does not forget a third.
  const alike = new Set([...ends].filter(({ length }) => Math.abs(length - pattern.length) <= pattern.length / 3));
  const told: string[] = [];
  for (
    let close = nearest(pattern, alike);
    close !== undefined && told.length < TOLD;
    close = nearest(pattern, alike)
  ) {
    told.push(close);
    alike.delete(close);
  }
  return [...told, ...same].slice(0, TOLD);
}
