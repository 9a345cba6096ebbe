import { existsSync, readFileSync } from "node:fs";
import { SourceMap, type SourceMapPayload } from "node:module";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** A place in a stack trace: "file:///…/main.js:12:34". */
const PLACE = /(file:\/\/[^\s()]+\.js):(\d+):(\d+)/g;

/**
 * A stack trace that names the sources, where files were compiled from them. Node can do that by itself, and then reads every map at
 * every start; this reads them when something went wrong.
 */
export function sourceStack(stack: string): string {
  const maps = new Map<string, SourceMap | null>();
  return stack.replace(PLACE, (compiled: string, url: string, line: string, column: string) => {
    const file = fileURLToPath(url);
    const map = maps.get(file) ?? mapOf(file);
    maps.set(file, map);
    const entry = map?.findEntry(Number(line) - 1, Number(column) - 1);
    if (!entry || !("originalSource" in entry)) return compiled;
    const source = resolve(dirname(file), entry.originalSource);
    return `${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
  });
}

function mapOf(file: string): SourceMap | null {
  if (!existsSync(`${file}.map`)) return null;
  const payload: SourceMapPayload = JSON.parse(readFileSync(`${file}.map`, "utf8"));
  return new SourceMap(payload);
}
