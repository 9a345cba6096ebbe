import type { Drawn } from "./drawn.ts";

/** What lasts longer than this is not worth a limit of its own, ms. */
const SHORTEST = 200;
/** Of the pause between two of them. */
const PART = 0.6;

/**
 * A fault that begins by the clock and would outlast the chaos phase is kept until the heal phase instead.
 * @param others faults that it may follow @param length of the chaos phase, ms
 */
export function fitted(drawn: Drawn, others: readonly Drawn[], length: number): Drawn {
  const fault = apart(drawn);
  const start = latestStart(fault, others);
  const lasts = ms(fault.for);
  if (start === null || lasts === null || start + lasts <= length) return fault;
  const left = Math.floor((length - start) / 100) * 100 - 100;
  const { for: _, ...rest } = fault;
  return left < SHORTEST ? rest : { ...rest, for: `${left}ms` };
}

/** One that is repeated is over before it comes again: two of a kind on one path at once are no more than one. */
function apart(fault: Drawn): Drawn {
  const lasts = ms(fault.for);
  const pause = fault.every === undefined ? null : ms(fault.every);
  if (lasts === null || pause === null || lasts < PART * pause) return fault;
  return { ...fault, every: `${pause}ms`, for: `${Math.round(PART * pause)}ms` };
}

/** ms after the beginning of chaos; null: it waits for something. */
function latestStart(fault: Drawn, others: readonly Drawn[]): number | null {
  if (fault.at !== undefined) return ms(fault.at);
  if (fault.every !== undefined) return (ms(fault.start) ?? 0) + Number(fault.count) * (ms(fault.every) ?? 0);
  const before = others.find(({ id }) => id === fault.after);
  const start = before ? latestStart(before, others) : null;
  return start === null ? null : start + (ms(fault.delay) ?? 0);
}

/** The longest that is meant: "300ms", "2s", "100ms..1.5s". */
function ms(value: unknown): number | null {
  const [, digits, unit] = (typeof value === "string" && /(\d+(?:\.\d+)?)(ms|s)$/.exec(value)) || [];
  return digits === undefined ? null : Number(digits) * (unit === "s" ? 1000 : 1);
}
