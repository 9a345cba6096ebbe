import type { z } from "zod";
import type { YamlPath } from "../base/mistakes.ts";
import { isMap, shown, wrong } from "./compose-schema.ts";

/* The small texts inside a Compose file. Each reader notes what was expected; nothing is guessed. */

const VARIABLE = /\$(?:(\$)|\{([^}]*)\}|([A-Za-z_][A-Za-z0-9_]*)|)/g;
const BRACED = /^([A-Za-z_][A-Za-z0-9_]*)(?:(:?-)([^$]*))?$/;

/**
 * Copies plain data with all variables in its texts filled in: `${VAR}`, `$VAR`, `${VAR:-default}` (default also when empty),
 * `${VAR-default}` and `$$`. Keys stay as they are, as in Compose. A variable that is neither set nor has a default is a
 * mistake: an empty text in its place would only fail later.
 */
export function fill(
  value: unknown,
  variables: Readonly<Record<string, string | undefined>>,
  onMistake: (path: YamlPath, message: string) => void,
  path: YamlPath = [],
): unknown {
  const inside = (item: unknown, key: PropertyKey) => fill(item, variables, onMistake, [...path, key]);
  if (Array.isArray(value)) return value.map(inside);
  if (isMap(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, inside(item, key)]));
  if (typeof value !== "string") return value;
  const wrong: string[] = [];
  const filled = value.replace(VARIABLE, (all, dollar?: string, braced?: string, plain?: string) => {
    if (dollar) return "$";
    const match = BRACED.exec(braced ?? plain ?? "");
    if (!match) {
      wrong.push(`"${all}" is no variable; expected \${NAME}, \${NAME:-default}, \${NAME-default}, or $$ for a $`);
      return "";
    }
    const [, name = "", operator, fallback = ""] = match;
    const value = variables[name];
    if (value !== undefined && (value !== "" || operator !== ":-")) return value;
    if (operator === undefined) wrong.push(`variable ${name} is not set; set it, or write \${${name}:-default}`);
    return fallback;
  });
  if (wrong[0] === undefined) return filled;
  onMistake(path, wrong[0]);
  return "";
}

/** Splits like a shell, without expanding anything: words, '…', "…" and backslashes. */
export function shellWords(text: string, ctx: z.RefinementCtx): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (char === "'" || char === '"') {
      const quoted = readQuoted(text, i);
      if (!quoted) return wrong(ctx, `the quote ${char} is not closed`);
      word = (word ?? "") + quoted.content;
      i = quoted.end;
    } else if (char === "\\" && i + 1 < text.length) {
      word = (word ?? "") + text[++i];
    } else word = (word ?? "") + char;
  }
  if (word !== undefined) words.push(word);
  return words;
}

function readQuoted(text: string, start: number): { content: string; end: number } | undefined {
  const quote = text[start];
  let content = "";
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === quote) return { content, end: i };
    const escaped = quote === '"' && text[i] === "\\" && /["\\$`]/.test(text[i + 1] ?? "");
    content += escaped ? text[++i] : text[i];
  }
  return undefined;
}

/** "127.0.0.1::6379" (any free host port, null) or "127.0.0.1:17000:6379". */
export function portMapping(text: string, ctx: z.RefinementCtx): { container: number; host: number | null } {
  const form = 'expected "127.0.0.1::PORT" (a free host port is chosen) or "127.0.0.1:HOST_PORT:PORT"';
  const [, address, host, container] = /^(?:([^:]*|\[.*\]):)?(?:(\d*):)?(\d+)(?:\/tcp)?$/.exec(text) ?? [];
  if (container === undefined) return wrong(ctx, `port "${text}" is not understood; ${form}`);
  if (address === undefined || host === undefined || address !== "127.0.0.1") {
    return wrong(ctx, `port "${text}" would be open to other machines; ${form}`);
  }
  for (const port of [container, host]) {
    if (port !== "" && (Number(port) < 1 || Number(port) > 65535)) {
      return wrong(ctx, `port ${port} is out of range; expected 1 to 65535`);
    }
  }
  return { container: Number(container), host: host === "" ? null : Number(host) };
}

/** "name:/path". */
export function volumeMount(text: string, ctx: z.RefinementCtx): { name: string; path: string } {
  const [, name, path] = /^([A-Za-z0-9][A-Za-z0-9_.-]*):(\/[^:]*)$/.exec(text) ?? [];
  if (name !== undefined && path !== undefined) return { name, path };
  const bind = /^[./~]/.test(text) && text.includes(":");
  const why = bind ? "is a folder of this machine" : "is not understood";
  return wrong(ctx, `volume "${text}" ${why}; expected a named volume, "name:/path"`);
}

const BYTES: Record<string, number> = { b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** "64m", "1g", "512kb" or a plain number of bytes; Compose's units are powers of 1024. */
export function byteSize(value: unknown, ctx: z.RefinementCtx): number {
  const [, digits, unit = "b"] = /^(\d+(?:\.\d+)?) ?([bkmg])?b?$/i.exec(String(value)) ?? [];
  const bytes = Math.round(Number(digits ?? 0) * (BYTES[unit.toLowerCase()] ?? 1));
  return bytes > 0 ? bytes : wrong(ctx, `expected a size above zero like "64m" or "1g", got ${shown(value)}`);
}

const SECONDS: Record<string, number> = { us: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 };

/** "10s", "1m30s", "500ms" → whole seconds, rounded up: the engine knows no smaller unit. */
export function graceSeconds(value: unknown, ctx: z.RefinementCtx): number {
  const text = String(value);
  if (!/^(\d+(\.\d+)?(us|ms|s|m|h))+$/.test(text)) {
    return wrong(ctx, `expected a duration like "10s" or "1m30s", got ${shown(value)}`);
  }
  let seconds = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(us|ms|s|m|h)/g)) {
    seconds += Number(amount) * SECONDS[unit!]!;
  }
  return Math.ceil(seconds);
}
