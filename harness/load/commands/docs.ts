import type { Reply } from "../../resp/reply.ts";
import { type Argument, type CommandSyntax, isGroup, type WordType } from "./syntax.ts";

/** Groups of COMMAND DOCS that have no keys; those that a load may use are named one by one (known.ts). */
const WORD_TYPES: Readonly<Record<string, WordType>> = {
  key: "key",
  integer: "integer",
  double: "double",
  pattern: "pattern",
  "unix-time": "unix-time",
};

/** Reads the answer to COMMAND DOCS; null: it is none. */
export function syntaxInDocs(reply: Reply): CommandSyntax[] | null {
  if (!Array.isArray(reply)) return null;
  const all = pairsOf(reply).flatMap(([name, doc]) => commandsIn(name, pairsOf(doc)));
  return all.length > 0 ? all : null;
}

function commandsIn(name: string, doc: Pairs): CommandSyntax[] {
  const field = (wanted: string): Reply | undefined => doc.find(([key]) => key === wanted)?.[1];
  const below = field("subcommands");
  if (Array.isArray(below) && below.length > 0) {
    return pairsOf(below).flatMap(([sub, its]) => commandsIn(sub, pairsOf(its)));
  }
  const group = textOf(field("group"));
  return [
    {
      name: name.toUpperCase().split("|"),
      group: isGroup(group) ? group : "other",
      arguments: listOf(field("arguments")).flatMap(argumentsOf),
    },
  ];
}

/** One entry of "arguments", which is several where a token stands before it. */
function argumentsOf(entry: Reply): Argument[] {
  const pairs = pairsOf(entry);
  const field = (wanted: string): Reply | undefined => pairs.find(([key]) => key === wanted)?.[1];
  const [name, type, token] = [textOf(field("name")), textOf(field("type")), field("token")];
  const flags = listOf(field("flags")).map(textOf);
  const inner = listOf(field("arguments"));
  const own: Argument[] =
    type === "pure-token"
      ? []
      : type === "oneof"
        ? [{ kind: "one", of: inner.map(argumentsOf) }]
        : type === "block"
          ? inner.flatMap(argumentsOf)
          : [{ kind: "word", name, type: WORD_TYPES[type] ?? "string" }];
  const head: Argument[] = token === undefined ? [] : [{ kind: "token", text: textOf(token) }];
  const many = flags.includes("multiple");
  const all: Argument[] = !many
    ? [...head, ...own]
    : flags.includes("multiple_token")
      ? [{ kind: "many", of: [...head, ...own] }]
      : [...head, { kind: "many", of: own }];
  return flags.includes("optional") ? [{ kind: "maybe", of: all }] : all;
}

type Pairs = readonly (readonly [string, Reply])[];

/** A map as RESP2 has it. */
function pairsOf(reply: Reply): Pairs {
  const items = listOf(reply);
  return items.flatMap((key, i): [string, Reply][] => (i % 2 === 0 ? [[textOf(key), items[i + 1] ?? null]] : []));
}

function listOf(reply: Reply | undefined): Reply[] {
  return Array.isArray(reply) ? reply : [];
}

function textOf(reply: Reply | undefined): string {
  return Buffer.isBuffer(reply) || typeof reply === "string" ? reply.toString() : "";
}
