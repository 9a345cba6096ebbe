import { z } from "zod";
import type { Random } from "../base/random.ts";
import type { ClusterShape } from "../cluster/shape.ts";
import type { PlannedParams } from "../journal/plan.ts";
import type { Mention } from "./mention.ts";
import type { Parameter } from "./parameter.ts";

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
