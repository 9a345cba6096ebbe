import { formatDuration } from "../../base/units.ts";
import type { FaultSpec } from "../experiment.ts";
import { DEFAULT_DURATION } from "../schema.ts";
import { MAX_DURATION } from "../schema-parts.ts";
import type { FaultDraft } from "./read-faults.ts";
import type { Mistakes } from "./zod-mistakes.ts";

/** `after` must name a fault of this file, and must not lead back to where it came from. */
export function checkAfter(drafts: readonly FaultDraft[], mistakes: Mistakes): void {
  const inCircle = new Set<string>();
  for (const draft of drafts) {
    const after = draft.item?.after;
    if (after === undefined) continue;
    const path = ["faults", draft.index, "after"];
    if (!drafts.some(({ id }) => id === after)) {
      mistakes.unknown(
        path,
        "fault id",
        after,
        drafts.map(({ id }) => id).filter((id) => id !== draft.id),
      );
      continue;
    }
    const circle = circleFrom(draft, drafts);
    if (circle && !inCircle.has(draft.id)) {
      for (const id of circle) inCircle.add(id);
      mistakes.add(path, `circular "after": ${[...circle, draft.id].join(" -> ")}`);
    }
  }
}

/** The ids from a fault back to itself, following `after`; undefined when it leads elsewhere. */
function circleFrom(start: FaultDraft, drafts: readonly FaultDraft[]): string[] | undefined {
  const seen = [start.id];
  let here: FaultDraft | undefined = start;
  for (;;) {
    const next: string | undefined = here?.item?.after;
    if (next === undefined) return undefined;
    if (next === start.id) return seen;
    if (seen.includes(next)) return undefined;
    seen.push(next);
    here = drafts.find(({ id }) => id === next);
  }
}

/**
 * Refuses faults that may start after the chaos phase is over, or be healed before their time is up.
 * Faults that wait for a state have no time of their own and are left alone.
 * @returns the length of the chaos phase (ms): the given one, or what the timetable needs
 */
export function checkTimetable(
  drafts: readonly FaultDraft[],
  duration: number | undefined,
  mistakes: Mistakes,
): number {
  const specs = drafts.flatMap(({ spec }) => (spec ? [spec] : []));
  let latest = 0;
  for (const { index, spec } of drafts) {
    const start = spec && latestStart(spec, specs);
    if (spec === undefined || start === undefined) continue;
    const end = start + (spec.duration?.max ?? 0);
    latest = Math.max(latest, end);
    const limit = duration ?? MAX_DURATION;
    const phase = `the chaos phase, which lasts ${formatDuration(limit)}`;
    if (start >= limit) {
      const key = spec.trigger.kind;
      mistakes.add(
        ["faults", index, key],
        `may start at ${formatDuration(start)}, after ${phase}`,
        "start earlier, or set a longer duration",
      );
    } else if (end > limit) {
      const message = `may last until ${formatDuration(end)}, beyond ${phase}`;
      mistakes.add(
        ["faults", index, "for"],
        message,
        'leave "for" out to keep it until the heal phase, or set a longer duration',
      );
    }
  }
  return duration ?? Math.max(DEFAULT_DURATION, Math.ceil(latest / 1000 + 1) * 1000);
}

/** The latest time (ms) at which the last occurrence starts; undefined when it depends on a state, or on a mistake. */
function latestStart(spec: FaultSpec, specs: readonly FaultSpec[], depth = 0): number | undefined {
  const { trigger } = spec;
  if (trigger.kind === "at") return trigger.at.max;
  if (trigger.kind === "every") return trigger.start.max + trigger.every.max * (trigger.count - 1);
  const before = trigger.kind === "after" ? specs.find(({ id }) => id === trigger.after) : undefined;
  const base = before && depth < specs.length ? latestStart(before, specs, depth + 1) : undefined;
  return base === undefined ? undefined : base + trigger.delay.max;
}
