/** Shorter ones are in half of a log. */
const SHORTEST = 12;
const MASKS = /"…"|<(?:address|id|path|hex)>|#/;

/**
 * What a line of a server's log must contain to be of a template (masked.ts): the longest part of it that does not differ from run to
 * run, as a regular expression; null: it has none that says enough.
 */
export function lineOf(template: string): string | null {
  const parts = template.split(MASKS).map((part) => part.replace(/^[\s:,.\]()[*-]+|[\s:,.\]()[-]+$/g, ""));
  const longest = parts.reduce((best, part) => (part.length > best.length ? part : best), "");
  if (longest.length < SHORTEST || !/[a-z]{4}/i.test(longest)) return null;
  return longest.slice(0, 80).replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}
