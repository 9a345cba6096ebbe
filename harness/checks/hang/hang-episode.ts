import { HANGS, type NodeCondition } from "../../journal/events.ts";
import type { RunRecord } from "../../journal/record.ts";
import type { ConditionPeriod } from "../../journal/view/conditions.ts";

/** We could not see, or did not know: what was hung before and after was hung in between. */
const BLIND: readonly NodeCondition[] = ["starved", "unknown"];

/** One hang of one node, whatever the watchdog called it from moment to moment. */
export interface HangEpisode {
  node: string;
  from: number;
  to: number | null;
  /** The condition that held longest. */
  condition: NodeCondition;
  why: string;
  silent: number | null;
  of: number | null;
}

export function hangEpisodes(record: RunRecord): HangEpisode[] {
  const end = record.view.watchEnd;
  return [...record.view.conditions.values()].flatMap((periods) => {
    const episodes: ConditionPeriod[][] = [];
    let open: ConditionPeriod[] | undefined;
    for (const period of periods) {
      if (HANGS.includes(period.condition)) {
        if (open) open.push(period);
        else {
          open = [period];
          episodes.push(open);
        }
      } else if (!BLIND.includes(period.condition)) open = undefined;
    }
    return episodes.map((parts) => toEpisode(parts, end));
  });
}

function toEpisode(parts: ConditionPeriod[], end: number): HangEpisode {
  const length = new Map<NodeCondition, number>();
  for (const part of parts) {
    length.set(part.condition, (length.get(part.condition) ?? 0) + (part.to ?? end) - part.from);
  }
  const [condition] = [...length].reduce((longest, one) => (one[1] >= longest[1] ? one : longest));
  const shown = parts.filter((part) => part.condition === condition).at(-1) as ConditionPeriod;
  const { node, why, silent, of } = shown;
  return { node, from: (parts[0] as ConditionPeriod).from, to: parts.at(-1)?.to ?? null, condition, why, silent, of };
}
