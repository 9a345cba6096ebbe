import { z } from "zod";
import { didYouMean, type Mistake, type YamlSource } from "../base/mistakes.ts";

/* The kinds of values that a Compose file has and zod has not, and the words in which a person is told of mistakes. */

/** How a mistake is told. `key`: it is the key that is wrong. `named`: its words begin with the name of the place. */
interface Telling {
  path?: PropertyKey[];
  hint?: string | undefined;
  key?: boolean;
  named?: boolean;
}

export function wrong(ctx: z.RefinementCtx, message: string, { path = [], ...params }: Telling = {}): never {
  ctx.addIssue({ code: "custom", message, path, params });
  return z.NEVER;
}

/** A value of another form: "cpus: expected a number above zero, got 0". */
function unexpected(ctx: z.RefinementCtx, form: string, value: unknown, path: PropertyKey[] = []) {
  wrong(ctx, `expected ${form}, got ${shown(value)}`, { named: true, path });
  return z.NEVER;
}

const TYPES: Readonly<Record<string, string>> = {
  string: "a text",
  array: "a list",
  object: "a map (key: value)",
  record: "a map (key: value)",
};

function tell(issue: z.core.$ZodIssue): Telling & { message: string } {
  const { path, input } = issue;
  if (issue.code === "custom") return { path, message: issue.message, ...issue.params };
  if (issue.code === "invalid_type" && input === undefined && path.length > 0) {
    return { path: path.slice(0, -1), message: `"${String(path.at(-1))}" is missing`, key: true, named: true };
  }
  const form =
    issue.code === "invalid_type" ? TYPES[issue.expected] : issue.code === "too_small" ? "a text" : undefined;
  const quoted = form === TYPES.string && (typeof input === "number" || typeof input === "boolean");
  return {
    path,
    message: `expected ${form ?? "a text or a number"}, got ${shown(input)}`,
    hint: quoted ? `write it in quotes: "${input}"` : undefined,
    named: true,
  };
}

/** What is wrong in a file, where it is written. */
export function mistakesOf(issues: readonly z.core.$ZodIssue[], source: YamlSource): Mistake[] {
  return issues.map((issue) => {
    const { path = [], message, hint, key, named } = tell(issue);
    // What the file as a whole lacks needs no name.
    const text = named && !(key && path.length === 0) ? `${nameOf(path)}: ${message}` : message;
    return key ? source.keyMistake(path, text, hint) : source.mistake(path, text, hint);
  });
}

const ENTRIES: Readonly<Record<string, string>> = { services: "service", networks: "network", volumes: "volume" };

/** "service m1", "environment.A", "ports[0]": a name as short as a person needs it beside the line's number. */
function nameOf([first, ...rest]: readonly PropertyKey[]): string {
  if (first === undefined) return "a Compose file";
  const [second, ...deeper] = rest;
  if (second === undefined) return String(first);
  const entry = ENTRIES[String(first)];
  if (entry !== undefined && typeof second === "string") {
    return deeper.length > 0 ? nameOf(deeper) : `${entry} ${second}`;
  }
  if (first === "ulimits" || first === "x-kvchaos") return nameOf(rest);
  return String(first) + rest.map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`)).join("");
}

/** The value, with its mistakes noted. */
export function readInto<T>(ctx: z.RefinementCtx, schema: z.ZodType<T>, value: unknown): T {
  const read = schema.safeParse(value, { reportInput: true });
  if (read.success) return read.data;
  for (const { message, ...telling } of read.error.issues.map(tell)) wrong(ctx, message, telling);
  return z.NEVER;
}

/** What may be written in several ways. */
export function eitherOf<T>(choose: (value: unknown) => z.ZodType<T>) {
  return z.unknown().transform((value, ctx) => readInto(ctx, choose(value), value));
}

/**
 * A map of known keys. `x-…` is Compose's room for extensions and always allowed.
 * @param refused keys that Compose knows and kvchaos does not support → why
 */
export function mapOf<S extends z.ZodRawShape>(shape: S, refused: Readonly<Record<string, string>> = {}) {
  const known = Object.keys(shape);
  const schema = z.object(shape);
  return z.unknown().transform((value, ctx) => {
    for (const key of isMap(value) ? Object.keys(value) : []) {
      if (known.includes(key) || key.startsWith("x-")) continue;
      const at = { path: [key], key: true };
      if (Object.hasOwn(refused, key)) wrong(ctx, `"${key}" is not supported: ${refused[key]}`, at);
      else wrong(ctx, `unknown key "${key}"`, { ...at, hint: didYouMean(key, known) });
    }
    return readInto(ctx, schema, value);
  });
}

/** Not empty. */
export const TEXT = z.string().min(1);

/** A map whose values are texts, numbers, true or false, all read as texts. */
export const TEXTS = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String));

/** `{A: 1}` or `["A=1"]`, as Compose lets write environment and labels. `bare`: may a list item go without "="? */
export function pairs(bare: boolean) {
  const list = z.array(TEXT).transform((items, ctx) => {
    const found: Record<string, string> = {};
    for (const [i, item] of items.entries()) {
      const [, name, rest] = /^([^=]+)(?:=([\s\S]*))?$/.exec(item) ?? [];
      if (name === undefined || (rest === undefined && !bare)) unexpected(ctx, '"NAME=value"', item, [i]);
      else if (Object.hasOwn(found, name)) wrong(ctx, `${name} is given twice`, { path: [i], named: true });
      else found[name] = rest ?? "";
    }
    return found;
  });
  return eitherOf((value) => (Array.isArray(value) ? list : TEXTS));
}

/** What a variable may have filled in as text. @param read undefined: it is not of this form */
function fromText<T>(form: string, read: (value: unknown) => T | undefined) {
  return z.unknown().transform((value, ctx) => read(value) ?? unexpected(ctx, form, value));
}

export const FLAG = fromText("true or false", (value) =>
  value === true || value === "true" ? true : value === false || value === "false" ? false : undefined,
);

export function number(form: string, fits: (n: number) => boolean) {
  return fromText(form, (value) => {
    const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
    return typeof number === "number" && fits(number) ? number : undefined;
  });
}

export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value as a message shows it: its text, shortened, or what kind of thing it is. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (value === null || value === undefined) return "nothing";
  if (typeof value === "object") return "a map";
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
