/** Far beyond what any experiment or Compose file needs, far below what breaks the parser. */
const MAX_BRACKETS = 64;
const MAX_INDENT = 200;
const MAX_INDICATORS = 32;

/**
 * Offset of the place where a YAML text nests too deeply to be parsed safely, or -1.
 * The parser recurses: a few thousand levels ("[[[[…", "? ? ? …") take it seconds or end the whole process, which no
 * try/catch survives (measured with yaml 2.9 on Node 20). Brackets inside quoted text count too; real files have few.
 */
export function nestsTooDeeply(text: string): number {
  let depth = 0;
  for (let offset = 0; offset < text.length; offset++) {
    const char = text[offset];
    if (char === "[" || char === "{") depth++;
    else if (char === "]" || char === "}") depth = Math.max(0, depth - 1);
    if (depth > MAX_BRACKETS) return offset;
  }
  const indent = new RegExp(`^[ \\t]{${MAX_INDENT}}[ \\t]*[^ \\t\\r\\n]`, "m").exec(text);
  const indicators = new RegExp(`(?:[-?:][ \\t]+){${MAX_INDICATORS}}`).exec(text);
  const found = [indent, indicators].flatMap((match) => (match ? [match.index] : []));
  return found.length > 0 ? Math.min(...found) : -1;
}
