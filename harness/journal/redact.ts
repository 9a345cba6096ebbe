import type { JournalEvent } from "./events.ts";

/** What a file or a terminal holds in place of a secret. */
export const HIDDEN = "•••";

/** Fields whose values are words of the harness, never data of a server: a password "load" must not break a journal. */
const OWN_WORDS = new Set(["type", "phase", "step", "was", "now", "role", "link", "kind", "action", "verdict"]);

/** Records whose names come from a server too: error classes, captured fields. */
const FREE_NAMES = new Set(["errors", "replies", "fields"]);

/**
 * Makes a function that hides every secret in an event. Returns the event itself when it holds none, which is decided
 * on its JSON text (`line`), because almost every event holds none and this runs for each one.
 */
export function redactor(secrets: readonly string[]): (event: JournalEvent, line: string) => JournalEvent {
  const real = longestFirst(secrets);
  const inJson = real.map((secret) => JSON.stringify(secret).slice(1, -1));
  const hide = textHider(secrets);
  const deep = (value: unknown, key: string | undefined): unknown => {
    if (typeof value === "string") return key !== undefined && OWN_WORDS.has(key) ? value : hide(value);
    if (Array.isArray(value)) return value.map((item) => deep(item, undefined));
    if (typeof value !== "object" || value === null) return value;
    const dataNames = key !== undefined && FREE_NAMES.has(key);
    const entries = Object.entries(value).map(([name, item]) => [dataNames ? hide(name) : name, deep(item, name)]);
    return Object.fromEntries(entries);
  };
  return (event, line) =>
    inJson.some((secret) => line.includes(secret)) ? (deep(event, undefined) as JournalEvent) : event;
}

/** Makes a function that hides every secret in a text, such as a line of a log or a captured file. */
export function textHider(secrets: readonly string[]): (text: string) => string {
  const real = longestFirst(secrets);
  return (text) => real.reduce((all, secret) => all.replaceAll(secret, HIDDEN), text);
}

/** A secret that contains another one must go as a whole. */
function longestFirst(secrets: readonly string[]): string[] {
  return [...new Set(secrets)].filter((secret) => secret !== "").sort((a, b) => b.length - a.length);
}
