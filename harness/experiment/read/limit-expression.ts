import { didYouMean } from "../../base/mistakes.ts";
import { durationMs, sizeRange } from "../../base/units.ts";
import { LOAD_MEASURES, type OwnLimit, PROBES } from "../../journal/limits.ts";

/*
 *   admin p99      <=       50ms            ops         >     0.8 × warm-up
 *   measure        is       value           measure     is    factor
 */

/** What a limit says, without what narrows it. */
export type LimitExpression = Pick<OwnLimit, "text" | "measure" | "is" | "than">;

/** What is wrong, and at which character of the text, from 0. */
export interface WrongExpression {
  offset: number;
  message: string;
  hint: string | undefined;
}

type Unit = "duration" | "rate" | "share" | "size" | "growth" | "count";

interface Known {
  measure: OwnLimit["measure"];
  unit: Unit;
}

const QUANTILES = ["p50", "p99", "max"] as const;

/** Every measure by its words. */
const MEASURES: ReadonlyMap<string, Known> = new Map<string, Known>([
  ...LOAD_MEASURES.map((what): [string, Known] => [
    what,
    {
      measure: { of: "load", what },
      unit: what === "ops" ? "rate" : what === "errors" ? "share" : "duration",
    },
  ]),
  ["replication-lag", { measure: { of: "node", what: "replication-lag" }, unit: "size" }],
  ["memory", { measure: { of: "node", what: "memory" }, unit: "size" }],
  ["memory growth", { measure: { of: "node", what: "memory-growth" }, unit: "growth" }],
  ["full-syncs", { measure: { of: "node", what: "full-syncs" }, unit: "count" }],
  ...(Object.keys(PROBES) as (keyof typeof PROBES)[]).flatMap((probe) =>
    QUANTILES.map((what): [string, Known] => [
      `${probe} ${what}`,
      { measure: { of: "probe", kind: PROBES[probe], what }, unit: "duration" },
    ]),
  ),
]);

/** What can be limited, in the words of a limit. */
export const MEASURE_WORDS: readonly string[] = [...MEASURES.keys()];

const FORM = /^(\s*)([^<>=!]*?)(\s*)(<=|>=|<|>)(\s*)(.*?)\s*$/su;
const FACTOR = /^(\d+(?:\.\d+)?)\s*[×x*]\s*(.+)$/u;
const SHARE = /^(\d+(?:\.\d+)?)\s*%$/;
const RATE = /^(\d+(?:\.\d+)?)(k?)(?:\/s)?$/;

const EXPECTED: Record<Unit, string> = {
  duration: 'a duration, like "50ms"',
  rate: 'operations per second, like "2000/s"',
  share: 'a percentage, like "1%"',
  size: 'a size, like "5MB"',
  growth: 'a percentage or a size, like "20%" or "200MiB"',
  count: "a number",
};

/** Reads "p99 < 50ms". */
export function readLimitExpression(text: string): LimitExpression | WrongExpression {
  const form = FORM.exec(text);
  if (!form) {
    const message = `expected a measure, one of <, <=, >, >=, and a value, like "p99 < 50ms", got "${text}"`;
    return { offset: 0, message, hint: undefined };
  }
  const [, lead = "", words = "", space = "", is = "", gap = "", value = ""] = form;
  const known = MEASURES.get(words.replace(/\s+/g, " "));
  if (!known) {
    return { offset: lead.length, message: `unknown measure "${words}"`, hint: didYouMean(words, MEASURE_WORDS) };
  }
  const offset = lead.length + words.length + space.length + is.length + gap.length;
  const than = readBound(value, known);
  if (typeof than === "string") return { offset, message: than, hint: undefined };
  return { text: text.trim().replace(/\s+/g, " "), measure: known.measure, is: is as OwnLimit["is"], than };
}

/** A sentence: what was expected. */
function readBound(text: string, { unit, measure }: Known): OwnLimit["than"] | string {
  const [, factor, of] = FACTOR.exec(text) ?? [];
  if (factor !== undefined) {
    if (of !== "warm-up") return `expected "warm-up" behind "×", got "${of}"`;
    const counted = unit === "count" || unit === "growth";
    if (counted || (measure.of === "load" && measure.what === "errors")) {
      return `expected ${EXPECTED[unit]}: of the warm-up there is nothing that it could be measured against`;
    }
    if (Number(factor) === 0) return 'expected more than nothing before "×"';
    return { kind: "warm-up", factor: Number(factor) };
  }
  const value = boundIn(text, unit);
  if (value === undefined) {
    const or = unit === "count" || unit === "growth" || unit === "share" ? "" : ', or "1.5 × warm-up"';
    return `expected ${EXPECTED[unit]}${or}, got "${text}"`;
  }
  return value;
}

function boundIn(text: string, unit: Unit): OwnLimit["than"] | undefined {
  const value = (number: number | undefined): OwnLimit["than"] | undefined =>
    number === undefined || Number.isNaN(number) ? undefined : { kind: "value", value: number };
  const share = Number(SHARE.exec(text)?.[1] ?? Number.NaN) / 100;
  const size = sizeRange.safeParse(text).data;
  const bytes = size && size.min === size.max ? size.min : undefined;
  switch (unit) {
    case "duration":
      return value(durationMs.safeParse(text).data);
    case "share":
      return value(share);
    case "rate": {
      const [, number, kilo] = RATE.exec(text) ?? [];
      return value(Number(number) * (kilo ? 1000 : 1));
    }
    case "count":
      return value(/^\d+$/.test(text) ? Number(text) : undefined);
    case "size":
      return value(bytes);
    case "growth":
      return value(share) ?? (bytes === undefined ? undefined : { kind: "bytes", value: bytes });
  }
}
