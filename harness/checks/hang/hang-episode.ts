import { HANGS, type NodeCondition } from "../../journal/events.ts";
import type { RunRecord } from "../../journal/record.ts";
import type { ConditionPeriod } from "../../journal/view/conditions.ts";

/** We could not see, or did not know: what was hung before and after was hung in between. */
const BLIND: readonly NodeCondition[] = ["starved", "unknown"];

/** Every hang of every node, whatever the watchdog called it from moment to moment: as the condition that held longest. */
export function hangEpisodes(record: RunRecord): ConditionPeriod[] {
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

function toEpisode(parts: ConditionPeriod[], end: number): ConditionPeriod {
  const length = new Map<NodeCondition, number>();
  for (const { condition, from, to } of parts) {
    length.set(condition, (length.get(condition) ?? 0) + (to ?? end) - from);
  }
  const [longest] = [...length].reduce((most, one) => (one[1] >= most[1] ? one : most));
  const shown = parts.findLast(({ condition }) => condition === longest) as ConditionPeriod;
  return { ...shown, from: (parts[0] as ConditionPeriod).from, to: parts.at(-1)?.to ?? null };
}
