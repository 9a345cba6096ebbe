/*
 *   "ZADD key [NX|XX] (score member)..."  ─► syntaxOf ─┐
 *   COMMAND DOCS ──────────────────────────► docs.ts ──┼─► CommandSyntax ─► words.ts ─► ["ZADD", "x:17:zset", "NX", "3", "element:4"]
 *   COMMAND: arity and places of keys ──────► infos.ts ┘
 */

/** What keys of a command hold, as COMMAND DOCS calls it. */
export const GROUPS = [
  "string",
  "list",
  "set",
  "sorted-set",
  "hash",
  "stream",
  "bitmap",
  "hyperloglog",
  "geo",
  "generic",
  "json",
  "other",
] as const;
export type Group = (typeof GROUPS)[number];

export function isGroup(text: string): text is Group {
  return (GROUPS as readonly string[]).includes(text);
}

/** What an argument is, where a server says it. */
export type WordType = "key" | "string" | "integer" | "double" | "pattern" | "unix-time";

export type Argument =
  /** A word as it is: "NX". */
  | { kind: "token"; text: string }
  /** Drawn by its type and name. */
  | { kind: "word"; name: string; type: WordType }
  | { kind: "one"; of: readonly Argument[][] }
  | { kind: "maybe"; of: readonly Argument[] }
  /** Once or several times. */
  | { kind: "many"; of: readonly Argument[] };

/** A command, or a subcommand: what may stand behind its name. */
export interface CommandSyntax {
  /** In capitals: ["XGROUP", "CREATE"]. */
  name: readonly string[];
  group: Group;
  arguments: readonly Argument[];
}

const TOKENS = /\[|\]|\(|\)|\||\.\.\.|[^\s[\]()|]+?(?=\.\.\.|[\s[\]()|]|$)/g;
const KEYS = /^(?:key|newkey|source|destination|destkey|sourcekey)$/;
const INTEGERS =
  /^(?:num\w+|count|limit|index|start|stop|end|offset|bit|rank|len|maxlen|increment|decrement|seconds|milliseconds|timeout|cursor|entries)$/;
const DOUBLES = /^(?:score|weight|longitude|latitude|radius|width|height|float)$/;

/**
 * Reads "NAME key [OPTION count] (field value)...": capitals and signs stand for themselves, the rest are names of what is drawn;
 * [maybe], (once), a|b: one of them, x...: once or several times.
 */
export function syntaxOf(group: Group, line: string): CommandSyntax {
  const words = line.match(TOKENS) ?? [];
  let at = 0;
  const name: string[] = [];
  // A subcommand is written with a point: "XGROUP.CREATE". Names of modules keep theirs.
  for (const part of (words[at++] ?? "").split(group === "json" || group === "other" ? " " : ".")) name.push(part);

  const alternatives = (end: string | undefined): Argument[][] => {
    const all: Argument[][] = [[]];
    for (; at < words.length && words[at] !== end; at++) {
      const word = words[at] as string;
      const last = all.at(-1) as Argument[];
      if (word === "|") all.push([]);
      else if (word === "...") last.push({ kind: "many", of: [last.pop() as Argument] });
      else if (word === "[" || word === "(") {
        at++;
        const inner = alternatives(word === "[" ? "]" : ")");
        const one: Argument[] = inner.length > 1 ? [{ kind: "one", of: inner }] : (inner[0] as Argument[]);
        if (word === "[") last.push({ kind: "maybe", of: one });
        else if (words[at + 1] === "...") {
          at++;
          last.push({ kind: "many", of: one });
        } else last.push(...one);
      } else last.push(argumentOf(word));
    }
    return all;
  };
  return { name, group, arguments: alternatives(undefined)[0] as Argument[] };
}

function argumentOf(word: string): Argument {
  if (!/^[a-z]/.test(word)) return { kind: "token", text: word };
  const type = KEYS.test(word)
    ? "key"
    : INTEGERS.test(word)
      ? "integer"
      : DOUBLES.test(word)
        ? "double"
        : word.startsWith("unix-time")
          ? "unix-time"
          : word === "pattern"
            ? "pattern"
            : "string";
  return { kind: "word", name: word, type };
}
