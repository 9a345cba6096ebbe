import { proportionText } from "../../base/proportion.ts";
import { counted, formatTime } from "../../base/units.ts";
import { MET_STATES } from "../behaviour.ts";
import { type ExplorationSum, growthText, paceText } from "./sum.ts";

/** explore.md: the same as the page, for a comment or a terminal. */
export function exploreMarkdown(sum: ExplorationSum): string {
  const { image, seed, experiments, findings, coverage, notDrawn } = sum;
  const row = (cells: readonly (string | number)[]): string =>
    `| ${cells
      .map((cell) =>
        String(cell)
          .replaceAll("|", "\\|")
          .replace(/[\r\n]+/g, " "),
      )
      .join(" | ")} |`;
  const firm = findings.filter(({ standing }) => standing !== "seen once").length;
  return [
    `# ${image}: ${counted(firm, "finding")} in ${counted(experiments, "experiment")}`,
    "",
    `${paceText(sum)}. Seed ${seed}.`,
    "",
    `${growthText(sum)}.`,
    "",
    row(["", "signature", "first seen", "experiments", "again", "folder"]),
    row(["---", "---", "---", "---", "---", "---"]),
    ...findings.map(({ standing, signature, known, at, experiments: count, again, name }) =>
      row([
        standing,
        known === null ? `\`${signature}\`` : `\`${signature}\` (known: ${known})`,
        formatTime(at),
        count,
        again === null ? "not tried" : proportionText(again),
        `found/${name}`,
      ]),
    ),
    "",
    "Experiments in which a fault came while some server was in that state:",
    "",
    row(["fault", ...MET_STATES, "never reached"]),
    row(["---", ...MET_STATES.map(() => "---:"), "---"]),
    ...coverage.map(({ fault, met, why }) => row([fault, ...MET_STATES.map((state) => met[state]), why ?? ""])),
    "",
    "Never drawn:",
    "",
    ...notDrawn.map(({ fault, why }) => `- ${fault}: ${why}`),
    "",
  ].join("\n");
}
