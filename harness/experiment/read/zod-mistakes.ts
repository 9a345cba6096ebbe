import type { z } from "zod";
import { didYouMean, type Mistake, nearest, type YamlSource } from "../../base/mistakes.ts";
import { show } from "../schema-parts.ts";

type Path = readonly PropertyKey[];

/** Collects what is wrong in one file, each mistake once, where it is written. */
export class Mistakes {
  readonly list: Mistake[] = [];
  readonly #source: YamlSource;

  constructor(source: YamlSource) {
    this.#source = source;
  }

  /** A wrong value. Gives undefined: what was understood. */
  add(path: Path, message: string, hint?: string): undefined {
    this.#add(this.#source.mistake(path, message, hint));
  }

  /** A part of a text is wrong. @param offset of its first character in the text */
  addWithin(path: Path, offset: number, message: string, hint?: string): undefined {
    this.#add({ ...this.#source.mistake(path, message, hint), ...this.#source.within(path, offset) });
  }

  /** A key that should not be there, or not alone. */
  addKey(path: Path, message: string, hint?: string): undefined {
    this.#add(this.#source.keyMistake(path, message, hint));
  }

  #add(mistake: Mistake): void {
    const { line, column, message } = mistake;
    const known = this.list.some((one) => one.line === line && one.column === column && one.message === message);
    if (!known) this.list.push(mistake);
  }

  /** A name that is not among the known ones. */
  unknown(path: Path, what: string, name: string, known: Iterable<string>): undefined {
    this.add(path, `unknown ${what} ${show(name)}`, didYouMean(name, known));
  }

  /** A key that is the name of a node, and of none that there is. */
  unknownNode(path: Path, name: string, known: Iterable<string>): void {
    this.addKey(path, `unknown node ${show(name)}`, didYouMean(name, known));
  }

  unknownKey(path: Path, key: string, known: Iterable<string>): void {
    this.addKey([...path, key], `unknown key ${show(key)}`, didYouMean(key, known));
  }

  /** Parses one part of the file; its mistakes are added, and the result is undefined when there are any. */
  parse<T>(schema: z.ZodType<T>, value: unknown, path: Path): T | undefined {
    const result = schema.safeParse(value, { error: (issue) => expectation(issue as z.core.$ZodIssue) });
    if (result.success) return result.data;
    for (const issue of result.error.issues) this.#addIssue(schema, issue, path);
    return undefined;
  }

  /** One that belongs to the map around this one is told where it goes. */
  #unknownKey(schema: z.ZodType, path: Path, base: Path, key: string): void {
    const inner = path.at(-1);
    if (typeof inner === "string" && keysAt(schema, path.slice(0, -1)).includes(key)) {
      const hint = `it goes beside ${show(inner)}, one level up`;
      this.addKey([...base, ...path, key], `unknown key ${show(key)} in ${show(inner)}`, hint);
    } else this.unknownKey([...base, ...path], key, keysAt(schema, path));
  }

  /** What the file says at a path; undefined when it says nothing there. */
  #given(path: Path): unknown {
    let here: unknown = this.#source.value;
    for (const step of path) {
      here = typeof here === "object" && here !== null ? (here as Record<PropertyKey, unknown>)[step] : undefined;
    }
    return here;
  }

  #addIssue(schema: z.ZodType, issue: z.core.$ZodIssue, base: Path): void {
    const path = [...base, ...issue.path];
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys) this.#unknownKey(schema, issue.path, base, key);
      return;
    }
    if (issue.code === "invalid_key") {
      this.addKey(path, "expected a key of letters, digits, '.', '_' or '-'");
      return;
    }
    // A list whose items are wrong, where text or a list may be: the items' mistakes say more than "neither".
    const deeper =
      issue.code === "invalid_union" && issue.errors.find((own) => own.every((one) => one.path.length > 0));
    if (deeper && deeper.length > 0) {
      for (const one of deeper) this.#addIssue(schema, one, path);
      return;
    }
    const given = this.#given(path);
    if (issue.code === "invalid_type" && given === undefined && path.length > 0) {
      const key = String(path.at(-1));
      this.add(path.slice(0, -1), `missing key "${key}": ${issue.message}`);
      return;
    }
    const shown = !issue.message.startsWith("expected") || issue.message.includes(", got ");
    // A rule about a whole map or list says enough; "got a map" would only confuse.
    const plain = issue.code === "invalid_type" || issue.code === "invalid_union" || typeof given !== "object";
    const message = shown || !plain ? issue.message : `${issue.message}, got ${show(given)}`;
    this.add(path, message, typeof given === "string" ? nearHint(given, wordsOf(issue)) : undefined);
  }
}

/** The words that would have been right, also where something else than a word could stand. */
function wordsOf(issue: z.core.$ZodIssue): string[] {
  if (issue.code === "invalid_value") return issue.values.map(String);
  return issue.code === "invalid_union" ? issue.errors.flat().flatMap(wordsOf) : [];
}

/** The message lists all values already: only a near one is worth a hint. */
function nearHint(given: string, values: readonly string[]): string | undefined {
  const near = nearest(given, values);
  return near === undefined ? undefined : `did you mean "${near}"?`;
}

/** The words for what zod expected, where the schema has none of its own. */
function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return `expected ${TYPES[issue.expected] ?? issue.expected}`;
    case "invalid_value":
      return `expected ${issue.values.length > 1 ? "one of " : ""}${issue.values.map(String).join(", ")}`;
    case "too_small":
      return `expected at least ${amount(issue.minimum, issue.origin)}`;
    case "too_big":
      return `expected at most ${amount(issue.maximum, issue.origin)}`;
    case "unrecognized_keys":
      return `unknown keys ${issue.keys.join(", ")}`;
    case "invalid_format":
      return issue.pattern ? `expected text of the form ${issue.pattern}` : `expected ${issue.format}`;
    case "not_multiple_of":
      return `expected a multiple of ${issue.divisor}`;
    default:
      return "expected something else";
  }
}

const TYPES: Record<string, string> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a map",
  record: "a map",
};

function amount(limit: number | bigint, origin: string): string {
  if (origin === "array") return `${limit} item${limit === 1 ? "" : "s"}`;
  return origin === "string" ? `${limit} characters` : String(limit);
}

/** The keys that a schema knows at a path inside it. */
function keysAt(schema: z.ZodType, path: Path): string[] {
  let here: unknown = schema;
  for (const step of path) {
    const bare = unwrap(here);
    here =
      "element" in bare
        ? bare.element
        : "shape" in bare
          ? (bare.shape as Record<PropertyKey, unknown>)[step]
          : undefined;
  }
  const { shape } = unwrap(here) as { shape?: Record<string, unknown> };
  return Object.keys(shape ?? {});
}

/** Optional, default and transformed schemas say what they hold in one of these fields. */
function unwrap(schema: unknown): Record<string, unknown> {
  let here = (schema ?? {}) as Record<string, unknown> & { def?: { innerType?: unknown; in?: unknown } };
  while (here.def && (here.def.innerType ?? here.def.in)) here = (here.def.innerType ?? here.def.in) as typeof here;
  return here;
}
