import type { Finding } from "../../journal/events.ts";
import type { RunRecord } from "../../journal/record.ts";
import { type Html, type HtmlContent, html } from "../html/markup.ts";
import { scrolling } from "../html/table.ts";
import type { RunSummary } from "../run-summary.ts";
import type { RunFiles } from "./run-files.ts";

/** A finding and what its part of the page is made of. */
export interface ShownFinding {
  record: RunRecord;
  run: RunSummary;
  finding: Finding;
  /** 1 is the first. */
  number: number;
  files: RunFiles;
}

/** Regions of the same name in several findings could not be told apart by whoever hears them. */
export function scrollingOf({ number }: Pick<ShownFinding, "number">, name: HtmlContent, content: HtmlContent): Html {
  return scrolling(html`${name}, finding ${number}`, content);
}
