/** An experiment as its file says it: what YAML gives. */
export type Document = Readonly<Record<string, unknown>>;

type Path = readonly (string | number)[];

/** A smaller or simpler experiment, and what is other than before, for whoever reads the trail. */
export interface Proposal {
  document: Document;
  what: string;
  /** A wrong answer would stay: it is to be unlikely. */
  sure?: boolean;
  /** One of many, and all of them come again: a wrong answer costs less than being sure. */
  rough?: boolean;
}

/** Asks about one proposal after the other, wants to be told whether it still fails, and ends with the smallest that did. */
export type Reduction = Generator<Proposal, Document, boolean>;

export function at(document: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, key) => (isTree(value) ? (value as Record<string, unknown>)[key] : undefined),
    document,
  );
}

/** The same with another value there; `undefined` takes the key out, and what it leaves empty. */
export function set(document: Document, path: Path, value: unknown): Document {
  return changed(document, path, value) as Document;
}

function changed(tree: unknown, [key, ...rest]: Path, value: unknown): unknown {
  if (key === undefined) return value;
  const inner = changed(at(tree, [key]), rest, value);
  if (Array.isArray(tree))
    return tree.flatMap((one, index) => (index === key ? (inner === undefined ? [] : [inner]) : [one]));
  const { [key]: _, ...others } = tree as Record<string, unknown>;
  // In its old place among the keys, so that the smaller file reads like the larger one.
  if (inner !== undefined)
    return Object.fromEntries(
      Object.keys(tree as object).includes(String(key))
        ? Object.entries(tree as object).map(([name, old]) => [name, name === String(key) ? inner : old])
        : [...Object.entries(others), [key, inner]],
    );
  return Object.keys(others).length === 0 ? undefined : others;
}

export function isTree(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** The entries of a list of the experiment; none where it has none. */
export function entriesOf(document: Document, key: string): Readonly<Record<string, unknown>>[] {
  const list = document[key];
  return Array.isArray(list) ? (list.filter(isTree) as Record<string, unknown>[]) : [];
}
