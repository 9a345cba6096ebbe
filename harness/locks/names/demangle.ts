import { findProgram } from "../../base/programs.ts";
import { quietGdb, runGdb } from "./gdb-process.ts";
import { runTool, type ToolOptions } from "./run-tool.ts";

/** Characters: longer ones are of nobody's hand. */
const NAME_MAX = 4096;
/** gdb is told of each on its command line. */
const AT_ONCE = 500;
const OUTPUT_MAX = 64 * 1024 * 1024;

/**
 * Names as C++ writes them, in the order in which they come; one that is no name of C++ stays as it is, and so do all of them where neither
 * c++filt nor gdb is there, or fails.
 */
export async function demangle(names: readonly string[], options: ToolOptions): Promise<string[]> {
  const mangled = [...new Set(names.filter((name) => name.length <= NAME_MAX && /^_Z[\w.$]+$/.test(name)))];
  const found = mangled.length === 0 ? new Map<string, string>() : await known(mangled, options);
  return names.map((name) => found.get(name) ?? name);
}

async function known(mangled: readonly string[], options: ToolOptions): Promise<Map<string, string>> {
  const lines = await demangled(mangled, options);
  if (lines.length !== mangled.length) return new Map();
  return new Map(mangled.map((name, i) => [name, lines[i] ?? name]));
}

async function demangled(mangled: readonly string[], options: ToolOptions): Promise<string[]> {
  const filter = findProgram("c++filt", options.folders);
  if (filter) {
    const { output } = await runTool(filter, [], { ...options, input: `${mangled.join("\n")}\n`, most: OUTPUT_MAX });
    return output.split("\n").slice(0, -1);
  }
  const gdb = findProgram("gdb", options.folders);
  if (!gdb) return [];
  const lines: string[] = [];
  for (let from = 0; from < mangled.length; from += AT_ONCE) {
    const part = mangled.slice(from, from + AT_ONCE);
    // gdb knows no suffixes, and says nothing on its output where it knows no name.
    const asked = part.flatMap((name) => ["-ex", "echo \\n=", "-ex", `demangle -- ${name.replace(/\..*/, "")}`]);
    const { output, failed } = await runGdb(gdb, [...quietGdb("set language c++"), ...asked], options);
    if (failed !== null) return [];
    const answers = output.split("\n=").slice(1);
    lines.push(...part.map((name, i) => answers[i]?.trim() || name));
  }
  return lines;
}
