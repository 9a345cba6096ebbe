import type { Finding } from "../../journal/events.ts";
import type { Losses } from "../../journal/losses.ts";
import type { RunSummary } from "../run-summary.ts";

export const LANGUAGES = ["en", "zh"] as const;
export type Language = (typeof LANGUAGES)[number];

/** Every sentence of a ticket that is ours, in one language. What servers and experiments say stays as it is. */
export interface IssueTexts {
  /** The whole run in a sentence. Plain text. */
  verdict(summary: RunSummary): string;
  /** Where, when and how sure; and what, unless `told` says that the text has just said it. */
  finding(finding: Finding, end: number, told: boolean): string;
  ran(kvchaos: string, title: string, seed: string): string;
  done: string;
  script: string;
  /** Why there is none; `beside`: it is too long for a ticket. */
  noScript(why: string): string;
  scriptBeside: string;
  replay: string;
  expected: string;
  expectedNothing: string;
  proof: string;
  life: string;
  cells(shown: number, count: number): string;
  differences: string;
  log(node: string): string;
  /** What became of acknowledged writes. @param text the same in English */
  losses(total: Omit<Losses, "load">, text: string): string;
  health(starved: number, seconds: number): string;
  host: string;
  version: { server: string; unknown: string; image: string; digest: string; host: string };
  regression: string;
  noScreenshots: string;
  truncated(kept: number, of: number): string;
}
