import { z } from "zod";
import type { Random } from "../base/random.ts";
import { drawFrom, durationMs, durationRange, percentRange, type Range, sizeRange } from "../base/units.ts";
import type { ClusterShape } from "../cluster/shape.ts";
import type { PlannedParams } from "../journal/plan.ts";
import {
  linkSelector,
  type Mention,
  mentionLink,
  mentionNode,
  nodeSelector,
  resolvedNode,
  resolveLink,
  resolveNode,
} from "./selector.ts";

/*
 *                       ┌─► written ── reads what the user wrote, with every default
 *   parameters({ … }) ──┼─► mentions ─ the nodes, links and loads that it names: must exist
 *                       ├─► resolve ── makes every choice, from the seed
 *                       └─► planned ── what the plan holds then, and what the fault is injected with
 */

type Shape = Readonly<Record<string, Parameter<unknown, unknown, string>>>;
type CamelCase<K extends string> = K extends `${infer A}-${infer B}` ? `${A}${Capitalize<CamelCase<B>>}` : K;
type PlanName<K extends string, N> = [N] extends [never] ? CamelCase<K> : N & string;

/** The parameters of some fault, as written. */
export type WrittenParams = Readonly<Record<string, unknown>>;

/** What the user has written, by the parameters' names. */
export type WrittenBy<S> = { [K in keyof S]: S[K] extends Parameter<infer W, infer _P, infer _N> ? W : never };
/** What the plan holds. */
export type PlannedBy<S> = {
  [K in keyof S & string as S[K] extends Parameter<infer _W, infer _P, infer N>
    ? PlanName<K, N>
    : never]: S[K] extends Parameter<infer _W, infer P, infer _N> ? P : never;
};

/** Says what is wrong, and where in the parameters. */
type Wrong = (message: string, path?: string[]) => void;

/** Whom an occurrence makes a master, as written, and where in the parameters. */
export interface Promotion {
  node: string;
  path: (string | number)[];
}

/** What single parameters cannot say. */
interface Rules<W, P> {
  /** Which parameters go together. */
  check?(written: W, wrong: Wrong): void;
  /** The same for a plan that somebody has edited. */
  checkPlan?(planned: P, wrong: Wrong): void;
  /** Names beside those of the parameters. */
  mentions?(written: W): Mention[];
  /** null: nobody. */
  promotes?(written: W, occurrence: number): Promotion | null;
}

/** @param occurrence counted from 0 */
type Occurrence = { random: Random; occurrence: number; shape: ClusterShape };

/** The parameters of a fault, described once. */
export interface Parameters<W = WrittenParams, P = PlannedParams> {
  /** As a user writes them, in the order of the description. */
  readonly names: readonly string[];
  /** Reads what the user wrote. */
  readonly written: z.ZodType<W>;
  readonly planned: z.ZodType<P>;
  mentions(written: W): Mention[];
  promotes(written: W, occurrence: number): Promotion | null;
  resolve(written: W, occurrence: Occurrence): P;
}

export function parameters<S extends Shape>(
  shape: S,
  rules: Rules<WrittenBy<S>, PlannedBy<S>> = {},
): Parameters<WrittenBy<S>, PlannedBy<S>> {
  const list = Object.entries(shape).map(([name, { meaning, planName = camelCase(name) }]) => {
    return { name, planName, ...meaning };
  });
  const planned = strictObject<PlannedBy<S>>(list.map((one) => [one.planName, one.planned])).superRefine(
    checking(rules.checkPlan),
  );
  return {
    names: Object.keys(shape),
    written: strictObject<WrittenBy<S>>(list.map((one) => [one.name, one.written])).superRefine(checking(rules.check)),
    planned,
    mentions: (written) => [
      ...list.flatMap(({ name, mentions }) => mentions?.(written[name], [name]) ?? []),
      ...(rules.mentions?.(written) ?? []),
    ],
    promotes: (written, occurrence) => rules.promotes?.(written, occurrence) ?? null,
    resolve: (written, { random, occurrence, shape: cluster }) => {
      const [together, alone] = [random.fork("resolve"), random.fork("params")];
      const values = list.map(({ name, planName, resolve }) => [
        planName,
        resolve(written[name], { random: together, own: alone.fork(name), occurrence, shape: cluster }),
      ]);
      return planned.parse(Object.fromEntries(values));
    },
  };
}

/** Parameters of which the plan holds something else than one value for each. */
export function plannedAs<W, P, R>(
  all: Parameters<W, P>,
  planned: z.ZodType<R>,
  from: (each: P) => R,
): Parameters<W, R> {
  return { ...all, planned, resolve: (written, choosing) => from(all.resolve(written, choosing)) };
}

const camelCase = (name: string): string => name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

/** Typed by the parameters that its keys come from, which zod cannot see. */
function strictObject<T>(fields: [string, z.ZodType][]): z.ZodType<T> {
  return z.strictObject(Object.fromEntries(fields)) as unknown as z.ZodType<T>;
}

function checking<T>(check: ((value: T, wrong: Wrong) => void) | undefined) {
  return (value: T, ctx: z.RefinementCtx): void =>
    check?.(value, (message, path = []) => ctx.addIssue({ code: "custom", message, path }));
}

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
