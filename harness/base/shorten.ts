/** At most `most` characters, the last of them "…" where there were more. */
export function clip(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

/** The first `most` characters, and "…" behind them where there were more; `more` may say how much that was. */
export function shorten(text: string, most: number, more = ""): string {
  return text.length > most ? `${text.slice(0, most)}…${more}` : text;
}

/** `shorten`, with the length of the whole: what is left out may be looked up. */
export function shortenCounted(text: string, most: number): string {
  return shorten(text, most, ` (${text.length} characters)`);
}
