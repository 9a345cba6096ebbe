import { z } from "zod";
import { durationMs, durationRange, formatDuration, sizeRange } from "../base/units.ts";

/* What the keys of an experiment file are made of. */

export const MS = 1;
export const SECOND = 1000 * MS;
export const HOUR = 3600 * SECOND;
export const MAX_DURATION = 24 * HOUR;
const MAX_VALUE = 16 * 1024 ** 2;

/** Names of nodes, faults and loads: what survives in a file name, a container name and a report. */
const NAME = /^[A-Za-z][A-Za-z0-9._-]{0,62}$/;
const nameText = 'a name: a letter, then letters, digits, ".", "_" or "-"';

export const text = (max: number) =>
  z
    .string()
    .max(max)
    .refine((value) => value.trim() !== "", { error: "expected text, got nothing" });
export const name = z
  .string()
  .refine((value) => NAME.test(value), { error: `expected ${nameText}` })
  .meta({ title: "name" });
export const list = <T extends z.ZodType>(item: T) =>
  z
    .array(item)
    .min(1)
    .superRefine((items, ctx) => {
      items.forEach((one, index) => {
        if (items.indexOf(one) < index)
          ctx.addIssue({ code: "custom", path: [index], message: `${show(one)} is listed twice` });
      });
    });

/** A duration within limits (ms). */
export const duration = (min: number, max: number) =>
  durationMs.refine((ms) => ms >= min && ms <= max, {
    error: `expected a duration from ${formatDuration(min)} to ${formatDuration(max)}`,
  });
/** A duration, or a range from which the plan draws, within limits (ms). */
export const durations = (min: number, max: number) =>
  durationRange.refine((range) => range.min >= min && range.max <= max, {
    error: `expected durations from ${formatDuration(min)} to ${formatDuration(max)}`,
  });
export const valueSize = sizeRange.refine((range) => range.max <= MAX_VALUE, { error: "expected at most 16MiB" });

/** A regular expression for one line of a log. */
export const linePattern = z
  .string()
  .meta({ title: "regular expression" })
  .min(1)
  .max(500)
  .superRefine((pattern, ctx) => {
    try {
      new RegExp(pattern);
    } catch (error) {
      ctx.addIssue({ code: "custom", message: `expected a regular expression: ${(error as Error).message}` });
    }
  });

/** A value as it looked in the file, short enough for a message. */
export function show(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map";
  const shown = JSON.stringify(value) ?? String(value);
  return shown.length > 60 ? `${shown.slice(0, 57)}…"` : shown;
}

/** How clients may be told to reach a node. */
export const VIAS = ["auto", "link", "direct"] as const;

export const via = z
  .enum(VIAS)
  .prefault("auto")
  .describe(
    "How clients reach a node: `link`, through Toxiproxy; `direct`, straight at its published port, at up to four times the speed; `auto`, straight wherever no fault can touch the clients' link to the node",
  );

export const rate = z
  .union([z.number(), z.string()], { error: 'expected operations per second, like 2000 or "2000/s"' })
  .transform((value, ctx): number => {
    const match = typeof value === "string" ? /^(\d+(?:\.\d+)?)(k?)\/s$/.exec(value.trim()) : null;
    const perSecond = typeof value === "number" ? value : match ? Number(match[1]) * (match[2] ? 1000 : 1) : Number.NaN;
    if (Number.isNaN(perSecond)) {
      ctx.addIssue({
        code: "custom",
        message: `expected operations per second, like 2000 or "2000/s", got "${value}"`,
      });
    } else if (perSecond < 0.1 || perSecond > 1e6) {
      ctx.addIssue({ code: "custom", message: `expected a rate from 0.1/s to 1000000/s, got ${perSecond}/s` });
    }
    return perSecond;
  })
  .meta({ title: "rate" });

const settings = z.record(
  z.string().regex(/^[A-Za-z][A-Za-z0-9._-]*$/),
  z
    .union([z.string(), z.number()], {
      error: 'expected text or a number; a switch is written as text, like "yes" or "no"',
    })
    .transform(String)
    .refine((value) => !/[\r\n\0]/.test(value), { error: "expected one line" }),
);

/** Server configuration per system. */
export const serverSettings = z.strictObject({
  kvrocks: settings.optional(),
  pika: settings.optional(),
  redis: settings.optional(),
});
