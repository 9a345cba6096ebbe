import type { Plan, PlannedFault } from "../../journal/plan.ts";
import { at, type Document, entriesOf, isTree } from "./document.ts";
import { quantityOf, rangeOf, written } from "./simpler-values.ts";

/** One value of a document that could be another one. */
export interface Change {
  path: (string | number)[];
  value: unknown;
  what: string;
}

/** Where the plan holds what was drawn for a key of a fault that happens once. */
const DRAWN: Readonly<Record<string, (fault: PlannedFault) => unknown>> = {
  at: ({ trigger }) => (trigger.kind === "at" ? trigger.at : undefined),
  delay: ({ trigger }) => (trigger.kind === "at" ? undefined : trigger.delay),
  for: ({ duration }) => duration,
  "when.progress": (fault) => conditionOf(fault, "progress"),
  "when.bytes": (fault) => conditionOf(fault, "bytes"),
  "when.since-start": (fault) => conditionOf(fault, "after"),
};

/** What was drawn in place of the range that it was drawn from: the experiment then needs its seed no more. */
export function fixedValues(document: Document, plan: Plan | null): Change[] {
  return entriesOf(document, "faults").flatMap((fault, index) => {
    const planned = plan?.faults.find(({ id }) => id === fault.id);
    if (!planned) return [];
    return rangesIn(fault).flatMap((keys): Change[] => {
      const name = keys.join(".");
      const drawn = DRAWN[name]?.(planned) ?? planned.params[camelCase(name)];
      const range = rangeOf(at(fault, keys));
      if (typeof drawn !== "number" || !range) return [];
      const value = written({ kind: range.kind, value: range.kind === "percentage" ? Math.round(drawn * 100) : drawn });
      return [{ path: ["faults", index, ...keys], value, what: `${planned.id}.${name}: ${value}` }];
    });
  });
}

/** Times of faults as a person would write them: "7s", or at least "7.3s", in place of "7342ms". */
export function rounder(document: Document): Change[] {
  return entriesOf(document, "faults").flatMap((fault, index) =>
    ["at", "start", "delay", "for"].flatMap((key): Change[] => {
      const quantity = quantityOf(fault[key]);
      if (!quantity || quantity.value === 0) return [];
      return [2, 1].flatMap((digits) => {
        const value = written({ ...quantity, value: Number(quantity.value.toPrecision(digits)) });
        return value === fault[key]
          ? []
          : [{ path: ["faults", index, key], value, what: `${fault.id}.${key}: ${value}` }];
      });
    }),
  );
}

function rangesIn(fault: Readonly<Record<string, unknown>>): string[][] {
  return Object.entries(fault).flatMap(([key, value]) => {
    if (isTree(value) && !Array.isArray(value))
      return rangesIn(value as Record<string, unknown>).map((rest) => [key, ...rest]);
    const range = rangeOf(value);
    return range && range.min < range.max ? [[key]] : [];
  });
}

function conditionOf({ trigger }: PlannedFault, key: string): unknown {
  return trigger.kind === "when" ? (trigger.when as Readonly<Record<string, unknown>>)[key] : undefined;
}

const camelCase = (name: string): string => name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
