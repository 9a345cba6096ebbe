import { didYouMean, type Mistake, type YamlPath, type YamlSource } from "../base/mistakes.ts";
import { Expected, interpolate, shown } from "./compose-values.ts";

export type YamlMap = Readonly<Record<string, unknown>>;

/**
 * Reads untyped YAML piece by piece and remembers every mistake, so that a person sees all of them at once. A reader
 * that found a mistake returns undefined, and the caller goes on with the rest.
 */
export class ComposeChecker {
  readonly mistakes: Mistake[] = [];
  readonly #source: YamlSource;

  constructor(source: YamlSource) {
    this.#source = source;
  }

  wrong(path: YamlPath, message: string, hint?: string): undefined {
    this.mistakes.push(this.#source.mistake(path, message, hint));
  }

  wrongKey(path: YamlPath, message: string, hint?: string): undefined {
    this.mistakes.push(this.#source.keyMistake(path, message, hint));
  }

  /** The value, with a mistake noted when it is only an `Expected`. */
  take<T>(path: YamlPath, value: T | Expected): T | undefined {
    return value instanceof Expected ? this.wrong(path, value.text) : value;
  }

  /** Copies plain data with all variables in its texts filled in. Keys stay as they are, as in Compose. */
  fill(value: unknown, variables: Readonly<Record<string, string | undefined>>, path: YamlPath = []): unknown {
    if (typeof value === "string") return this.take(path, interpolate(value, variables)) ?? "";
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map((item, i) => this.fill(item, variables, [...path, i]));
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, this.fill(item, variables, [...path, key])]),
    );
  }

  map(path: YamlPath, value: unknown, what: string): YamlMap | undefined {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as YamlMap;
    return this.wrong(path, `${what}: expected a map (key: value), got ${shown(value)}`);
  }

  list(path: YamlPath, value: unknown, what: string): readonly unknown[] | undefined {
    if (Array.isArray(value)) return value;
    return this.wrong(path, `${what}: expected a list, got ${shown(value)}`);
  }

  string(path: YamlPath, value: unknown, what: string): string | undefined {
    if (typeof value === "string" && value !== "") return value;
    const hint = typeof value === "number" || typeof value === "boolean" ? `write it in quotes: "${value}"` : undefined;
    return this.wrong(path, `${what}: expected a text, got ${shown(value)}`, hint);
  }

  boolean(path: YamlPath, value: unknown, what: string): boolean | undefined {
    if (typeof value === "boolean") return value;
    if (value === "true" || value === "false") return value === "true"; // From a variable.
    return this.wrong(path, `${what}: expected true or false, got ${shown(value)}`);
  }

  /** A number, or a text that is one (from a variable). */
  number(path: YamlPath, value: unknown, what: string, fits: (n: number) => boolean, form: string): number | undefined {
    const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
    if (typeof number === "number" && fits(number)) return number;
    return this.wrong(path, `${what}: expected ${form}, got ${shown(value)}`);
  }

  strings(path: YamlPath, value: unknown, what: string): string[] {
    const items = this.list(path, value, what) ?? [];
    return items.flatMap((item, i) => this.string([...path, i], item, `${what}[${i}]`) ?? []);
  }

  /** `{A: 1}` or `["A=1"]`, as Compose lets write environment and labels. `bare`: may a list item go without "="? */
  pairs(path: YamlPath, value: unknown, what: string, bare: boolean): Record<string, string> {
    if (!Array.isArray(value)) return this.texts(path, value, what);
    const pairs: Record<string, string> = {};
    for (const [i, item] of value.entries()) {
      const at = [...path, i];
      const text = this.string(at, item, `${what}[${i}]`);
      if (text === undefined) continue;
      const [, name, rest] = /^([^=]+)(?:=([\s\S]*))?$/.exec(text) ?? [];
      if (name === undefined || (rest === undefined && !bare)) {
        this.wrong(at, `${what}[${i}]: expected "NAME=value", got ${shown(text)}`);
      } else if (Object.hasOwn(pairs, name)) this.wrong(at, `${what}[${i}]: ${name} is given twice`);
      else pairs[name] = rest ?? "";
    }
    return pairs;
  }

  /** A map whose values are texts, numbers, true or false, all read as texts. */
  texts(path: YamlPath, value: unknown, what: string): Record<string, string> {
    const texts: Record<string, string> = {};
    for (const [key, item] of Object.entries(this.map(path, value, what) ?? {})) {
      if (typeof item === "string" || typeof item === "number" || typeof item === "boolean") texts[key] = String(item);
      else this.wrong([...path, key], `${what}.${key}: expected a text or a number, got ${shown(item)}`);
    }
    return texts;
  }

  /**
   * Notes every key that is not known. `x-…` is Compose's room for extensions and always allowed.
   * @param refused keys that Compose knows and kvchaos does not support → why
   */
  keys(path: YamlPath, map: YamlMap, known: readonly string[], refused: Readonly<Record<string, string>> = {}): void {
    for (const key of Object.keys(map)) {
      if (known.includes(key) || key.startsWith("x-")) continue;
      const why = Object.hasOwn(refused, key) ? refused[key] : undefined;
      if (why !== undefined) this.wrongKey([...path, key], `"${key}" is not supported: ${why}`);
      else this.wrongKey([...path, key], `unknown key "${key}"`, didYouMean(key, known));
    }
  }
}
