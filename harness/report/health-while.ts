import type { RunRecord } from "../journal/record.ts";

/** Whether the harness itself was fit while something went wrong: it was the server only if it was. */
export function healthWhile(record: RunRecord, from: number, to: number): string {
  // A sample tells of the second before it, and a moment has no sample of its own: the nearest ones tell of it.
  const own = record.of("self").filter(({ t }) => t >= from - 1000 && t <= Math.max(to, from) + 2000);
  if (own.length === 0) return "not known: the harness did not measure itself then";
  const starved = own.filter((event) => event.starved).length;
  const controls = own.flatMap(({ controlMax }) => (controlMax === null ? [] : [controlMax]));
  const control =
    controls.length === 0
      ? ""
      : `; the control server, which nobody harms, answered within ${Math.ceil(Math.max(...controls))} ms`;
  return starved === 0
    ? `No: it was never starved in that time${control}.`
    : `It was starved for ${starved} of ${own.length} s in that time${control}.`;
}
