import { plainLine } from "../base/escape.ts";

/** What the journal has in place of a password (journal/redact.ts); the script makes up one of its own. */
const HIDDEN = "•••";

/** One word of bash, whatever is in it: nothing in it is expanded, but a hidden password becomes the script's own. */
export function word(text: string): string {
  const parts = text
    .split(HIDDEN)
    .map((part) => (/^[\w@%+=:,./-]+$/.test(part) ? part : part === "" ? "" : quoted(part)));
  return parts.length === 1 ? parts[0] || "''" : parts.join('"$PASSWORD"');
}

export function words(list: readonly string[]): string {
  return list.map(word).join(" ");
}

/** Text in which no shell sees anything: control characters become visible. */
function quoted(text: string): string {
  if (!/[\u0000-\u001f\u007f]/.test(text)) return `'${text.replaceAll("'", "'\\''")}'`;
  const escapes = text
    .replace(/[\\']/g, "\\$&")
    .replace(/[\u0000-\u001f\u007f]/g, (one) => `\\x${one.charCodeAt(0).toString(16).padStart(2, "0")}`);
  return `$'${escapes}'`;
}

/** Comment lines of at most about 110 characters; a long word stays whole. */
export function comment(text: string): string[] {
  const lines: string[] = [];
  let line = "#";
  for (const one of plainLine(text).split(" ")) {
    if (line.length + one.length > 110 && line !== "#") {
      lines.push(line);
      line = "#";
    }
    line += ` ${one}`;
  }
  return [...lines, line.trimEnd()];
}

/** Milliseconds as seconds for `sleep` and `at`: 1500 → "1.5". */
export function secondsWord(ms: number): string {
  return String(Math.round(ms) / 1000);
}

/** Lines moved to the right by two spaces; the inside of a here-document must not be passed. */
export function indented(lines: readonly string[], by = 1): string[] {
  return lines.map((line) => (line === "" ? "" : `${"  ".repeat(by)}${line}`));
}
