import { z } from "zod";
import type { Random } from "./random.ts";

const DURATION = /^(\d+(?:\.\d+)?)(us|ms|s|m|h)$/;
const DURATION_MS: Record<string, number> = { us: 0.001, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const SIZE = /^(\d+(?:\.\d+)?)(B|KiB|MiB|GiB|KB|MB|GB)$/;
const SIZE_BYTES: Record<string, number> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};

/** "1.5s" → 1500; undefined when it is not a duration. Units: us, ms, s, m, h. */
export function parseDuration(text: string): number | undefined {
  return scaled(text, DURATION, DURATION_MS);
}

/** "4KiB" → 4096; undefined when it is not a size. Units: B, KB, MB, GB (powers of 1000), KiB, MiB, GiB (1024). */
function parseSize(text: string): number | undefined {
  const bytes = scaled(text, SIZE, SIZE_BYTES);
  return bytes === undefined ? undefined : Math.round(bytes);
}

function scaled(text: string, form: RegExp, units: Record<string, number>): number | undefined {
  const match = form.exec(text.trim());
  const factor = match?.[2] === undefined ? undefined : units[match[2]];
  return match && factor !== undefined ? Number(match[1]) * factor : undefined;
}

/** 1500 → "1.5s", 250 → "250ms": the shortest text that reads back as the same duration. */
export function formatDuration(ms: number): string {
  for (const [unit, size] of [
    ["h", 3_600_000],
    ["m", 60_000],
    ["s", 1000],
  ] as const) {
    if (ms >= size && Number.isInteger((ms / size) * 10)) return `${ms / size}${unit}`;
  }
  return `${Math.round(ms * 1000) / 1000}ms`;
}

/** 50331648 → "48MiB", 1000 → "1000B": the shortest text in powers of 1024 that reads back as the same size. */
export function formatSize(bytes: number): string {
  const unit = (["GiB", "MiB", "KiB"] as const).find((name) => bytes > 0 && bytes % (SIZE_BYTES[name] ?? 1) === 0);
  return unit === undefined ? `${bytes}B` : `${bytes / (SIZE_BYTES[unit] ?? 1)}${unit}`;
}

/** { min: 2000, max: 20000 } → "2s..20s"; one value alone when both are equal. */
export function formatDurations({ min, max }: Range): string {
  return min === max ? formatDuration(min) : `${formatDuration(min)}..${formatDuration(max)}`;
}

/** 100 → "10 Hz", 5000 → "one every 5s": how often something happens, from the milliseconds between two. */
export function formatRate(period: number): string {
  return period > 1000 ? `one every ${formatDuration(period)}` : `${Math.round(10_000 / period) / 10} Hz`;
}

/** 83456 → "1:23 min", 4200 → "4.2 s": a moment or a span for people. */
export function formatTime(ms: number): string {
  const tenths = Math.round(ms / 100);
  if (tenths < 600) return formatSeconds(tenths * 100);
  const whole = Math.round(ms / 1000);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")} min`;
}

/** 83456 → "83.5 s", with three digits "83.456 s": for whoever compares it with other moments of the run. */
export function formatSeconds(ms: number, digits = 1): string {
  return `${(ms / 1000).toFixed(digits)} s`;
}

/** 1234567 → "1,234,567" */
export function formatCount(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

/** 1 → "1 check", 1200 → "1,200 checks" */
export function counted(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** A closed interval from which the plan draws one value with the seed. A single value has min === max. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** One value of a range. Milliseconds and bytes are drawn whole, unless the range is narrower than that (fractions, "100us..900us"). */
export function drawFrom({ min, max }: Range, random: Random): number {
  const exact = min === max ? min : random.between(min, max);
  return max - min >= 2 ? Math.round(exact) : Math.round(exact * 10_000) / 10_000;
}

const durationMessage = 'a duration with a unit (us, ms, s, m, h), like "500ms" or "5s"';
const sizeMessage = 'a size with a unit (B, KB, KiB, MB, MiB, GB, GiB), like "1KiB"';

/** Zod: a duration in milliseconds, written with its unit. */
export const durationMs = unit(parseDuration, durationMessage).meta({ title: "duration" });
/** Zod: "5s" or "1s..3s" → Range in milliseconds. */
export const durationRange = range(parseDuration, `${durationMessage}, or a range "1s..3s"`).meta({
  title: "duration or range",
});
/** Zod: "1KiB" or "1KiB..4KiB" → Range in bytes. */
export const sizeRange = range(parseSize, `${sizeMessage}, or a range "1KiB..4KiB"`).meta({ title: "size or range" });
/** Zod: "10%..90%" or "50%" → Range of fractions in 0..1. */
export const percentRange = range((text) => {
  const match = /^(\d+(?:\.\d+)?)%$/.exec(text.trim());
  const value = match ? Number(match[1]) / 100 : undefined;
  return value !== undefined && value <= 1 ? value : undefined;
}, 'a percentage from 0% to 100%, or a range "10%..90%"').meta({ title: "percentage or range" });

/** @param wrong what is impossible in a text of the right form */
function unit<T>(parse: (text: string) => T | undefined, expected: string, wrong?: (value: T) => string | undefined) {
  return z.string({ error: `expected ${expected}` }).transform((text, ctx): T => {
    const value = parse(text);
    const why = value === undefined ? undefined : wrong?.(value);
    if (value !== undefined && why === undefined) return value;
    const message = why === undefined ? `expected ${expected}, got "${text}"` : `impossible range "${text}": ${why}`;
    ctx.addIssue({ code: "custom", message });
    return z.NEVER;
  });
}

function range(parse: (text: string) => number | undefined, expected: string) {
  const ends = (text: string): Range | undefined => {
    const [from = "", to = from, ...more] = text.split("..");
    const [min, max] = [parse(from), parse(to)];
    return min === undefined || max === undefined || more.length > 0 ? undefined : { min, max };
  };
  return unit(ends, expected, ({ min, max }) => (min > max ? "the lower end is above the upper end" : undefined));
}
