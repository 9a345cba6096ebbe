import { at, type Document, entriesOf, isTree, type Proposal, set } from "./document.ts";
import { rangeOf } from "./simpler-values.ts";

/*
 * What is small fails seldom where it takes luck: the same faults more often, one kind of change at a time.
 */

/** How often, and how close to each other, what came once comes. */
const COUNT = 12;
const PAUSE = "500ms";
/** Of what comes again and again already. */
const TIMES = 4;
const MOST = 100;
/** Long enough for all of it, ms. */
const LENGTH = 20_000;

/** Experiments of the same size that may fail more often. */
export function* moreOften(document: Document): Generator<Proposal> {
  const faults = entriesOf(document, "faults");
  for (const [index, fault] of faults.entries()) {
    const path = ["faults", index] as const;
    const name = String(fault.id ?? fault.fault);
    const again = repeated(fault, faults);
    if (again) yield { document: lasting(set(document, path, again)), what: `${name} more often` };
  }
  const all = faults.reduce<Document>((whole, fault, index) => {
    const again = repeated(fault, faults);
    return again ? set(whole, ["faults", index], again) : whole;
  }, document);
  if (all !== document) yield { document: lasting(all), what: "all faults more often" };
  const keys = rangeOf(at(document, ["preload", "keys"]));
  if (keys) yield { document: set(document, ["preload", "keys"], keys.min * TIMES), what: "preload.keys: more" };
}

/** null: it comes often already, others wait for its one start, or it lasts. */
function repeated(
  fault: Readonly<Record<string, unknown>>,
  faults: readonly Readonly<Record<string, unknown>>[],
): Readonly<Record<string, unknown>> | null {
  const count = typeof fault.count === "number" ? fault.count : 1;
  const more = Math.min(MOST, Math.max(COUNT, count * TIMES));
  if (count >= more) return null;
  if (isTree(fault.when) || fault.every !== undefined) return { ...fault, count: more };
  const { id, fault: kind, at: start, ...rest } = fault;
  const isFollowed = faults.some(({ after }) => after !== undefined && after === id);
  if (start === undefined || isFollowed || fault.for !== undefined) return null;
  return { ...(id !== undefined && { id }), fault: kind, every: PAUSE, count: more, start, ...rest };
}

function lasting(document: Document): Document {
  const length = rangeOf(at(document, ["duration"]));
  return length && length.min < LENGTH ? set(document, ["duration"], `${LENGTH / 1000}s`) : document;
}
