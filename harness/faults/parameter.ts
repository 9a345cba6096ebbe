import { z } from "zod";
import type { Random } from "../base/random.ts";
import { drawFrom, durationMs, durationRange, percentRange, type Range, sizeRange } from "../base/units.ts";
import type { ClusterShape } from "../cluster/shape.ts";
import type { Mention } from "./mention.ts";
import {
  linkSelector,
  mentionLink,
  mentionNode,
  nodeSelector,
  resolvedNode,
  resolveLink,
  resolveNode,
} from "./selector.ts";

/** What the choices of one occurrence are made from. */
export interface Choosing {
  /** For every parameter in turn. */
  readonly random: Random;
  /** For this parameter alone: what a range is drawn from. */
  readonly own: Random;
  /** Counted from 0. */
  readonly occurrence: number;
  readonly shape: ClusterShape;
}

/** What a parameter is, from the experiment to the plan. */
interface Meaning<W, P> {
  /** What the user writes, parsed. */
  readonly written: z.ZodType<W>;
  /** What the plan holds once every choice is made. */
  readonly planned: z.ZodType<P>;
  /** Absent: it names nothing. */
  mentions?(value: W, path: (string | number)[]): Mention[];
  resolve(value: W, choosing: Choosing): P;
}

/** One parameter of a fault. `N`: its name in the plan, where that is another one than `key-of-the-user` → `keyOfTheUser`. */
export class Parameter<W, P, N extends string = never> {
  readonly meaning: Meaning<W, P>;
  readonly planName: N | undefined;

  constructor(meaning: Meaning<W, P>, planName?: N) {
    this.meaning = meaning;
    this.planName = planName;
  }

  /** @param written as a user would write it */
  default(written: string | number | boolean): Parameter<W, P, N> {
    return new Parameter({ ...this.meaning, written: this.meaning.written.prefault(written) }, this.planName);
  }

  /** It may be left out: the plan then holds null. */
  optional(): Parameter<W | undefined, P | null, N> {
    return this.#orLeftOut<P | null>(this.meaning.planned.nullable(), null);
  }

  /** It may be left out: the plan then holds this. */
  orElse(planned: P): Parameter<W | undefined, P, N> {
    return this.#orLeftOut(this.meaning.planned, planned);
  }

  /** It may be left out: the plan then has no such key. */
  orAbsent(): Parameter<W | undefined, P | undefined, N> {
    return this.#orLeftOut<P | undefined>(this.meaning.planned.optional(), undefined);
  }

  /** What a plan means that was made before the parameter existed. */
  formerly(planned: z.util.NoUndefined<P>): Parameter<W, P, N> {
    return new Parameter({ ...this.meaning, planned: this.meaning.planned.default(planned) }, this.planName);
  }

  /** Its name in the plan. */
  as<M extends string>(planName: M): Parameter<W, P, M> {
    return new Parameter(this.meaning, planName);
  }

  #orLeftOut<Q>(planned: z.ZodType<P | Q>, instead: Q): Parameter<W | undefined, P | Q, N> {
    const { written, mentions, resolve } = this.meaning;
    const meaning: Meaning<W | undefined, P | Q> = {
      written: written.optional(),
      planned,
      mentions: (value, path) => (value === undefined ? [] : (mentions?.(value, path) ?? [])),
      resolve: (value, choosing) => (value === undefined ? instead : resolve(value, choosing)),
    };
    return new Parameter(meaning, this.planName);
  }
}

/** A value that the plan holds as it was written. */
export function plainParameter<T>(form: z.ZodType<T>, about: string, planned = form): Parameter<T, T> {
  return new Parameter({ written: form.describe(about), planned, resolve: (value) => value });
}

/** A node: its name, or a role that somebody has when the fault is injected. */
export function nodeParameter(about: string): Parameter<string, string> {
  return new Parameter({
    written: nodeSelector.describe(about),
    planned: resolvedNode,
    mentions: mentionNode,
    resolve: (selector, { random, shape }) => resolveNode(selector, random, shape),
  });
}

/** One link or more. */
export function linksParameter(about: string): Parameter<string[], string[]> {
  const links = z.array(linkSelector).min(1);
  return new Parameter({
    written: links.describe(about),
    planned: links,
    mentions: (selectors, path) => selectors.flatMap((link, i) => mentionLink(link, [...path, i])),
    resolve: (selectors, { random, shape }) => selectors.map((link) => resolveLink(link, random, shape)),
  });
}

export function wholeNumberParameter(about: string, min: number, max: number): Parameter<number, number> {
  return plainParameter(z.int().min(min).max(max), about);
}

export function choiceParameter<const T extends string>(about: string, values: readonly T[]): Parameter<T, T> {
  return plainParameter(z.enum(values), about);
}

export function switchParameter(about: string): Parameter<boolean, boolean> {
  return plainParameter(z.boolean(), about);
}

/** A fixed time, in the plan in milliseconds. */
export function durationParameter(
  about: string,
  rule: { holds(ms: number): boolean; error: string } = { holds: (ms) => ms >= 0, error: "expected at least 0ms" },
): Parameter<number, number> {
  const planned = z.number().refine(rule.holds, { error: rule.error });
  return plainParameter(durationMs.refine(rule.holds, { error: rule.error }), about, planned);
}

/** As a user would write them. */
interface Bounds {
  least?: string;
  most?: string;
  /** The plan holds whole ones. */
  whole?: boolean;
}

/** A time, or a range from which it is drawn, in the plan in milliseconds. */
export function drawnDurationParameter(about: string, bounds: Bounds = {}): Parameter<Range, number> {
  return drawnParameter(durationRange, about, bounds);
}

/** A size, or a range from which it is drawn, in the plan in whole bytes. */
export function sizeParameter(about: string, bounds: Bounds = {}): Parameter<Range, number> {
  return drawnParameter(sizeRange, about, { whole: true, ...bounds });
}

/** A percentage, or a range from which it is drawn, in the plan as a number from 0 to 1. */
export function percentParameter(about: string, bounds: Bounds = {}): Parameter<Range, number> {
  return drawnParameter(percentRange, about, { most: "100%", ...bounds });
}

function drawnParameter(
  form: z.ZodType<Range>,
  about: string,
  { least, most, whole = false }: Bounds,
): Parameter<Range, number> {
  const min = least === undefined ? 0 : form.parse(least).min;
  const max = most === undefined ? Number.MAX_VALUE : form.parse(most).max;
  return new Parameter({
    written: form
      .refine((range) => range.min >= min, { error: `expected at least ${least}` })
      .refine((range) => range.max <= max, { error: `expected at most ${most}` })
      .describe(about),
    planned: z.number().min(min).max(max),
    resolve: (range, { own }) => {
      const value = drawFrom(range, own);
      return whole ? Math.round(value) : value;
    },
  });
}
