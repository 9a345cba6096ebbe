import path from "node:path";
import { countedOutcomes } from "../../report/night/outcome-words.ts";
import type { Night } from "../../run/night/record.ts";
import { shortened, type Word } from "../observe/notify.ts";

/** Outcomes that somebody has to look at. */
const BAD = ["fail", "not-reproduced", "error"];

/** What a webhook is told of a night. */
export function nightWord({ seed, startedAt, ms, finished, entries }: Night, directory: string): Word {
  const bad = entries.filter(({ outcome }) => BAD.includes(outcome));
  const told = shortened(bad).map(({ experiment, image, outcome, reasons }) => ({
    experiment,
    image,
    outcome,
    reasons,
  }));
  const lines = told.map(
    ({ experiment, image, outcome, reasons }) =>
      `${outcome}: ${experiment} on ${image}${reasons[0] ? `: ${reasons[0]}` : ""}`,
  );
  const more = bad.length > told.length ? [`and ${bad.length - told.length} more`] : [];
  const outcomes: Record<string, number> = {};
  for (const { outcome } of entries) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  const head = `kvchaos, night ${seed}${finished ? "" : " (interrupted)"}: ${countedOutcomes(entries)}`;
  return {
    kind: "night",
    text: [head, ...lines, ...more].join("\n"),
    facts: {
      seed,
      startedAt,
      ms,
      finished,
      outcomes,
      bad: told,
      badCount: bad.length,
      page: path.join(directory, "index.html"),
    },
  };
}
