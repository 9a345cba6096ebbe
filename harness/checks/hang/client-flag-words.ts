/** What the letters of CLIENT LIST mean, from the server's command reference. */
const MEANING: Readonly<Record<string, string>> = {
  A: "to be closed at once",
  b: "blocked",
  c: "to be closed after its reply",
  M: "a master",
  N: "nothing special",
  O: "a monitor",
  P: "subscribed",
  r: "read only",
  S: "a replica",
  u: "unblocked",
  x: "in MULTI",
};

/** "b" → "b: blocked"; "bx" → "bx: blocked, in MULTI". Letters without a meaning here stay letters. */
export function flagWords(flags: string): string {
  const meanings = [...flags].flatMap((letter) => MEANING[letter] ?? []);
  return meanings.length === 0 ? flags : `${flags}: ${[...new Set(meanings)].join(", ")}`;
}
