import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RunRecord } from "../../journal/record.ts";
import { cutMarkdown } from "../ci/cut-markdown.ts";
import type { Reporter } from "../reporter.ts";
import { chinese } from "./chinese.ts";
import { english, type IssueTexts } from "./english.ts";
import { issueContent } from "./issue-content.ts";
import { formOf } from "./project-forms.ts";

/** GitHub refuses texts above 64 KiB; bytes, so that Chinese fits too. */
const MOST_BYTES = 60_000;
export const LANGUAGES = ["en", "zh"] as const;
export type Language = (typeof LANGUAGES)[number];
const TEXTS: Readonly<Record<Language, IssueTexts>> = { en: english, zh: chinese };

/** issue.md (in Chinese: issue.zh.md): the run as a bug ticket, under the headings of the project's own form. */
export function issueReporter(language: Language): Reporter {
  const file = language === "en" ? "issue.md" : `issue.${language}.md`;
  return {
    name: "issue",
    async onEnd(record, directory) {
      await writeFile(join(directory, file), issueOf(record, TEXTS[language]));
    },
  };
}

function issueOf(record: RunRecord, texts: IssueTexts): string {
  const write = (withScript: boolean): string => {
    const parts = issueContent(record, texts, withScript);
    return `${formOf(parts.summary.run.system)(parts)}\n`;
  };
  const whole = write(true);
  if (Buffer.byteLength(whole) <= MOST_BYTES) return whole;
  const text = write(false);
  if (Buffer.byteLength(text) <= MOST_BYTES) return text;
  return cutMarkdown(text, MOST_BYTES, (kept) => texts.truncated(kept, text.length));
}
