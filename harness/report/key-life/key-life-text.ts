import { plainLine } from "../../base/escape.ts";
import { clip } from "../../base/shorten.ts";
import { textTable } from "../../base/text-table.ts";
import type { Finding } from "../../journal/events.ts";
import { keyLifeOf, type NumberedMoment, outcomeText, whatText, whenText } from "./key-life.ts";

/** A ticket needs what contradicts and the little around it. */
const MOST_LINES = 24;
const MOST_VALUE = 40;

/** The life of the key that a data finding is about as lines of fixed columns; [] when it has none. To be fenced. */
export function keyLifeLines(finding: Finding): string[] {
  const life = keyLifeOf(finding, MOST_LINES);
  if (!life) return [];
  const rows = [["", "time", "what", "node", "value", "outcome"], ...life.moments.map(cells)];
  const lines = textTable(rows);
  const left = life.total - life.moments.length;
  return left > 0 ? [...lines, `(truncated: ${life.moments.length} of ${life.total} moments)`] : lines;
}

function cells(moment: NumberedMoment): string[] {
  const value = plainLine(moment.value ?? "");
  return [
    moment.marked ? ">>" : "",
    whenText(moment),
    whatText(moment),
    moment.node ?? "all",
    clip(value, MOST_VALUE),
    `${outcomeText(moment)}${moment.marked ? "  <- contradicts" : ""}`,
  ];
}
