import { formatDuration } from "../../base/units.ts";
import { type FaultSpec, occurrences } from "../experiment.ts";
import { DEFAULT_DURATION } from "../schema.ts";
import { MAX_DURATION } from "../schema-parts.ts";
import type { FaultDraft } from "./read-faults.ts";
import type { Mistakes } from "./zod-mistakes.ts";

const PAUSING = "pause-thread";

/** `after` must name a fault of this file, and must not lead back to where it came from. */
export function checkAfter(drafts: readonly FaultDraft[], mistakes: Mistakes): void {
  const inCircle = new Set<string>();
  for (const draft of drafts) {
    const after = draft.item?.after;
    if (after === undefined) continue;
    const path = ["faults", draft.index, "after"];
    const ids = drafts.map(({ id }) => id);
    if (!ids.includes(after)) {
      const others = ids.filter((id) => id !== draft.id);
      mistakes.unknown(path, "fault id", after, others);
      continue;
    }
    const circle = circleFrom(draft, drafts);
    if (circle && !inCircle.has(draft.id)) {
      for (const id of circle) inCircle.add(id);
      mistakes.add(path, `circular "after": ${[...circle, draft.id].join(" -> ")}`);
    }
  }
}

/** `when: { pause }` must name another fault of this file, one that lets threads pause. */
export function checkPauses(drafts: readonly FaultDraft[], mistakes: Mistakes): void {
  const pausing = drafts.filter(({ item }) => item?.fault === PAUSING).map(({ id }) => id);
  for (const { index, id, item } of drafts) {
    const pause = item?.when?.pause;
    if (pause === undefined) continue;
    const path = ["faults", index, "when", "pause"];
    if (pause === id) mistakes.add(path, `"${pause}" is this fault itself`);
    else if (drafts.some((one) => one.id === pause)) {
      if (!pausing.includes(pause)) mistakes.add(path, `"${pause}" is no ${PAUSING} fault`);
    } else mistakes.unknown(path, "fault id", pause, pausing);
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
    const [, start] = spec ? startOf(spec, occurrences(spec.trigger) - 1, specs) : [0, Infinity];
    if (!spec || start === Infinity) continue;
    const end = start + (spec.duration?.max ?? 0);
    latest = Math.max(latest, end);
    const limit = duration ?? MAX_DURATION;
    const phase = `the chaos phase, which lasts ${formatDuration(limit)}`;
    if (start >= limit) {
      const message = `may start at ${formatDuration(start)}, after ${phase}`;
      mistakes.add(["faults", index, spec.trigger.kind], message, "start earlier, or set a longer duration");
    } else if (end > limit) {
      const message = `may last until ${formatDuration(end)}, beyond ${phase}`;
      const hint = 'leave "for" out to keep it until the heal phase, or set a longer duration';
      mistakes.add(["faults", index, "for"], message, hint);
    }
  }
  return duration ?? Math.max(DEFAULT_DURATION, Math.ceil(latest / 1000 + 1) * 1000);
}

/** Between which times (ms) an occurrence (counted from 0) starts. After a state, or a mistake: at any time. */
export function startOf(
  spec: FaultSpec,
  occurrence: number,
  specs: readonly FaultSpec[],
  depth = 0,
): [earliest: number, latest: number] {
  const { trigger } = spec;
  if (trigger.kind === "at") return [trigger.at.min, trigger.at.max];
  if (trigger.kind === "every") {
    const { start, every } = trigger;
    return [start.min + occurrence * every.min, start.max + occurrence * every.max];
  }
  const before = trigger.kind === "after" ? specs.find(({ id }) => id === trigger.after) : undefined;
  if (!before || depth > specs.length) return [trigger.delay.min, Infinity];
  const [from, to] = startOf(before, occurrences(before.trigger) - 1, specs, depth + 1);
  return [from + trigger.delay.min, to + trigger.delay.max];
}
