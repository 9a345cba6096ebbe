import { covered, type Span } from "../../base/span.ts";
import type { EventOf } from "../../journal/events.ts";
import type { RunRecord } from "../../journal/record.ts";

/** Whether the harness itself was fit while something went wrong: it was the server only if it was. */
export function healthWhile(record: RunRecord, from: number, to: number): string {
  // A sample tells of the second before it, and a moment has no sample of its own: the nearest ones tell of it.
  const near = { from: from - 1000, to: Math.max(to, from) + 1000 };
  const own = record.of("self").filter((event) => covered([stretchOf(event)], near) > 0);
  if (own.length === 0) return "not known: the harness did not measure itself then";
  const starved = covered(record.view.starved, near);
  const controls = own.flatMap(({ controlMax }) => (controlMax === null ? [] : [controlMax]));
  const control =
    controls.length === 0
      ? ""
      : `; the control server, which nobody harms, answered within ${Math.ceil(Math.max(...controls))} ms`;
  if (starved === 0) return `No: it was never starved in that time${control}.`;
  const measured = covered([...own.map(stretchOf), ...record.view.starved], near);
  return `It was starved for ${inSeconds(starved)} of ${inSeconds(measured)} s in that time${control}.`;
}

/** What a sample tells of; a reader may have merged several (journal/thin.ts). */
function stretchOf({ t, seconds = 1 }: EventOf<"self">): Span {
  return { from: t - seconds * 1000, to: t };
}

/** Something is not nothing. */
function inSeconds(ms: number): number {
  return Math.max(1, Math.round(ms / 1000));
}
