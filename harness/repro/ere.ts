const OUTSIDE: Record<string, string> = {
  d: "[0-9]",
  D: "[^0-9]",
  w: "[A-Za-z0-9_]",
  W: "[^A-Za-z0-9_]",
  s: "[[:space:]]",
  S: "[^[:space:]]",
};
const INSIDE: Record<string, string> = { d: "0-9", w: "A-Za-z0-9_", s: "[:space:]", ".": ".", "/": "/" };

/**
 * A JavaScript regular expression as a POSIX extended one, for grep -E and awk: the same lines match. null where POSIX has no
 * words for it (looking around, word boundaries, references, some escapes in brackets).
 */
export function posixRegex(source: string): string | null {
  let out = "";
  let inside = false;
  for (let i = 0; i < source.length; i++) {
    const one = source[i] as string;
    if (one === "\\") {
      const next = source[++i] ?? "";
      const known = (inside ? INSIDE : OUTSIDE)[next];
      if (known !== undefined) out += known;
      else if (!inside && /[^A-Za-z0-9]/.test(next)) out += next === "/" ? "/" : `\\${next}`;
      else return null;
    } else if (inside) {
      if (one === "]") inside = false;
      out += one;
    } else if (one === "[") {
      inside = true;
      out += one;
    } else if (one === "(" && source[i + 1] === "?") {
      const group = /^\(\?(?::|<[A-Za-z]\w*>)/.exec(source.slice(i))?.[0];
      if (group === undefined) return null;
      i += group.length - 1;
      out += "(";
    } else if (one === "?" && /[*+?}]/.test(source[i - 1] ?? "") && source[i - 2] !== "\\") {
      // Lazy or greedy: the same lines match.
    } else out += one;
  }
  return out;
}
