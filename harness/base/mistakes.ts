import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLMap,
} from "yaml";
import { ChaosError, messageOf } from "./chaos-error.ts";
import { nestsTooDeeply } from "./yaml-nesting.ts";

/** One thing that is wrong in a file a person wrote. Lines and columns count from 1. */
export interface Mistake {
  file: string;
  line: number;
  column: number;
  /** What is wrong and what was expected. */
  message: string;
  /** What was probably meant, e.g. `did you mean "faults"?`. */
  hint?: string | undefined;
}

export interface Position {
  line: number;
  column: number;
}

/** Keys and indexes from the root; zod's issue paths fit. */
export type YamlPath = readonly PropertyKey[];

/** One line per mistake, `file:line:column: message`, in the order of the files' lines. */
export function formatMistakes(mistakes: readonly Mistake[]): string {
  const inFiles = (a: Mistake, b: Mistake): number => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0);
  return [...mistakes]
    .sort((a, b) => inFiles(a, b) || a.line - b.line || a.column - b.column)
    .map(({ file, line, column, message, hint }) => `${file}:${line}:${column}: ${message}${hint ? `; ${hint}` : ""}`)
    .join("\n");
}

/** All mistakes of a file as one error of code `invalid-experiment`; its message is `formatMistakes`. */
export function mistakesError(mistakes: readonly Mistake[]): ChaosError {
  const files = [...new Set(mistakes.map((mistake) => mistake.file))].join(", ");
  const count = mistakes.length === 1 ? "the mistake" : `the ${mistakes.length} mistakes`;
  return new ChaosError("invalid-experiment", formatMistakes(mistakes), {
    hint: `Correct ${count} in ${files}; nothing was started.`,
  });
}

/**
 * The candidate most like `word`, or undefined when none is close (more than about a third of the letters differ).
 * Swapped neighbours count as one difference (optimal string alignment), and upper case equals lower case.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const limit = Math.max(1, Math.floor(word.length / 3));
  let best: string | undefined;
  let least = limit + 1;
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

/** `did you mean "x"?`, else `valid: a, b, c`: the hint of a mistake about a name that does not exist. */
export function didYouMean(word: string, candidates: Iterable<string>): string | undefined {
  const names = [...candidates];
  const close = nearest(word, names);
  if (close !== undefined) return `did you mean "${close}"?`;
  return names.length > 0 ? `valid: ${names.join(", ")}` : undefined;
}

function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, beforeLast[j - 2]! + 1);
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}

/** A file that is no YAML at all has a mistake in every word: nobody reads more than these. */
const MAX_PROBLEMS = 50;

/** Columns count characters (code points): an emoji is one. A byte order mark is none. */
function positionIn(text: string, lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  const before = text.slice(offset - Math.max(0, col - 1), offset).replace(/^\uFEFF/, "");
  return { line: Math.max(1, line), column: [...before].length + 1 };
}

/**
 * A YAML text as plain data that still knows where each part was written.
 *
 *     text ──parse──► value        what it says
 *                     at(path)     where it says it
 *
 * YAML 1.2, one document. Broken YAML and duplicate keys are thrown as `mistakesError`, all of them at once.
 */
export class YamlSource {
  readonly file: string;
  /** Plain data: objects, arrays, strings, numbers, booleans, null. */
  readonly value: unknown;
  readonly #document: Document;
  readonly #position: (offset: number) => Position;

  private constructor(file: string, value: unknown, document: Document, position: (offset: number) => Position) {
    this.file = file;
    this.value = value;
    this.#document = document;
    this.#position = position;
  }

  /** @param file how the file is named in messages */
  static parse(file: string, text: string): YamlSource {
    const lines = new LineCounter();
    const deep = nestsTooDeeply(text);
    if (deep >= 0) {
      const before = text.slice(0, deep).split("\n");
      const place = { line: before.length, column: [...(before.at(-1) ?? "")].length + 1 };
      throw mistakesError([{ file, ...place, message: "broken YAML: nested too deeply" }]);
    }
    // prettyErrors off: its messages repeat the position and quote the source over several lines.
    // The aliases' limit is yaml's guard against documents that explode ("billion laughs").
    const document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      merge: true,
      stringKeys: true,
      // Checked below: yaml compares every key with every other one.
      uniqueKeys: false,
    });
    const position = (offset: number) => positionIn(text, lines, offset);
    const mistake = (offset: number, message: string): Mistake => ({
      file,
      ...position(Math.min(offset, text.length)),
      message: `broken YAML: ${message}`,
    });
    // Warnings too: a tag that nobody resolves ("!!js/function") would silently become text.
    const problems = [...document.errors, ...document.warnings]
      .slice(0, MAX_PROBLEMS)
      .map((problem) => mistake(problem.pos[0], problem.message.replace(/\s+/g, " ")));
    let firstAlias = 0;
    visit(document, {
      Map(_, map) {
        const seen = new Set<unknown>();
        for (const { key } of map.items) {
          if (problems.length >= MAX_PROBLEMS || !isScalar(key)) continue;
          if (seen.has(key.value)) problems.push(mistake(key.range?.[0] ?? 0, `the key "${key.value}" is there twice`));
          seen.add(key.value);
        }
      },
      Alias(_, alias) {
        if (problems.length >= MAX_PROBLEMS) return visit.BREAK;
        const offset = alias.range?.[0] ?? 0;
        firstAlias ||= offset;
        const target = alias.resolve(document);
        if (!target) problems.push(mistake(offset, `the alias *${alias.source} has no anchor before it`));
        else if (target.range && target.range[0] <= offset && offset < target.range[1]) {
          problems.push(mistake(offset, `the alias *${alias.source} is inside of what it stands for`));
        }
        return undefined;
      },
    });
    if (problems.length > 0) throw mistakesError(problems);
    try {
      return new YamlSource(file, document.toJS({ maxAliasCount: 100 }), document, position);
    } catch (error) {
      throw mistakesError([mistake(firstAlias, messageOf(error))]);
    }
  }

  /**
   * Where the value at `path` was written (its key, when the value is empty). When the path leads nowhere (a missing key), the
   * nearest parent that exists.
   */
  at(path: YamlPath): Position {
    return this.#find(path, false);
  }

  /** Where a character of the text at `path` was written: of text on one line. @param offset of the character, from 0 */
  within(path: YamlPath, offset: number): Position {
    const { line, column } = this.at(path);
    const node = this.#document.getIn(path, true);
    const quoted = isScalar(node) && (node.type === "QUOTE_SINGLE" || node.type === "QUOTE_DOUBLE");
    const block = isScalar(node) && (node.type === "BLOCK_FOLDED" || node.type === "BLOCK_LITERAL");
    return { line, column: block ? column : column + offset + (quoted ? 1 : 0) };
  }

  /** Where the last key of `path` was written: for mistakes about the key itself. */
  keyAt(path: YamlPath): Position {
    return this.#find(path, true);
  }

  /** A mistake at the value of `path`. */
  mistake(path: YamlPath, message: string, hint?: string): Mistake {
    return { file: this.file, ...this.at(path), message, hint };
  }

  /** A mistake at the last key of `path`. */
  keyMistake(path: YamlPath, message: string, hint?: string): Mistake {
    return { file: this.file, ...this.keyAt(path), message, hint };
  }

  #find(path: YamlPath, wantsKey: boolean): Position {
    let node: Node | null = this.#document.contents;
    let offset = node?.range?.[0] ?? 0;
    for (const [index, step] of path.entries()) {
      const inside = this.#resolve(node);
      const wantKey = wantsKey && index === path.length - 1;
      if (isMap(inside)) {
        const pair = this.#pair(inside, String(step));
        if (!pair) break;
        const key = pair.key as Node;
        node = pair.value as Node | null;
        // An empty value has a place of its own after the colon; its key is the better thing to point at.
        const empty = !node || (isScalar(node) && node.source === "");
        offset = (wantKey || empty ? key.range?.[0] : node?.range?.[0]) ?? offset;
      } else if (isSeq(inside) && typeof step === "number" && inside.items[step]) {
        node = inside.items[step] as Node;
        offset = node.range?.[0] ?? offset;
      } else break;
    }
    return this.#position(offset);
  }

  #resolve(node: Node | null): Node | null | undefined {
    return isAlias(node) ? node.resolve(this.#document) : node;
  }

  /** A map's own pair, else one that it takes over from another map by `<<`. */
  #pair(map: YAMLMap, key: string): Pair | undefined {
    const named = (name: string) =>
      map.items.find((pair) => (isScalar(pair.key) ? String(pair.key.value) : "") === name);
    const own = named(key);
    if (own) return own;
    const merged = named("<<")?.value as Node | undefined;
    for (const part of isSeq(merged) ? (merged.items as Node[]) : merged ? [merged] : []) {
      const source = this.#resolve(part);
      const found = isMap(source) ? this.#pair(source, key) : undefined;
      if (found) return found;
    }
    return undefined;
  }
}
