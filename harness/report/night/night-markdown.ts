import { fenced, inlineMarkdown } from "../../base/escape.ts";
import type { NightSum } from "../../run/night/merge.ts";
import { cutMarkdown } from "../ci/cut-markdown.ts";
import { againCommand, countedOutcomes, gravestFirst, OUTCOME_WORDS, timeOfNight } from "./outcome-words.ts";

/** GitHub drops a step summary above 1 MiB as a whole; other steps write theirs, too. */
export const SUMMARY_BYTES = 300_000;
/** GitHub refuses comments above 65,536 characters; the workflow adds a line. */
export const COMMENT_BYTES = 60_000;
const MOST_REASON = 600;

/** A night as Markdown: the gravest first, the commands that show it again at the end. Cut to so many bytes. */
export function nightMarkdown(sum: NightSum, mostBytes: number): string {
  const { seeds, entries, missing, kvchaos } = sum;
  const order = gravestFirst(entries);
  const commands = order
    .filter(({ outcome }) => outcome === "fail" || outcome === "not-reproduced")
    .flatMap((entry) => againCommand(entry) ?? []);
  const text = [
    `## Night ${inlineMarkdown(seeds.join(", ") || "without a name")}: ${countedOutcomes(entries)}`,
    `${timeOfNight(sum)}, kvchaos ${inlineMarkdown(kvchaos.join(", ") || "of unknown version")}, seed ${inlineMarkdown(seeds.join(", ") || "unknown")}.`,
    ...(missing.length > 0 ? [missing.map((one) => `- 🛑 ${inlineMarkdown(one)}`).join("\n")] : []),
    [
      "| | Experiment | Image | Expected | Why |",
      "|---|---|---|---|---|",
      ...order.map(({ outcome, experiment, title, image, expects, reasons }) => {
        const { sign, word } = OUTCOME_WORDS[outcome];
        const cells = [
          `${sign} ${word}`,
          `${inlineMarkdown(title)} (${inlineMarkdown(experiment)})`,
          inlineMarkdown(image),
        ];
        return `| ${[...cells, inlineMarkdown(expects), inlineMarkdown(reasons.join("; ").slice(0, MOST_REASON))].join(" | ")} |`;
      }),
    ].join("\n"),
    ...(commands.length > 0
      ? ["See it yourself, in the root of the kvchaos repository:", fenced([...new Set(commands)].join("\n"), "sh")]
      : []),
  ].join("\n\n");
  if (Buffer.byteLength(text) < mostBytes) return `${text}\n`;
  return cutMarkdown(text, mostBytes, (kept) => `(truncated: ${kept} of ${text.length} characters)`);
}
