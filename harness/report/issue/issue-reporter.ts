import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RunRecord } from "../../journal/record.ts";
import { cutMarkdown } from "../ci/cut-markdown.ts";
import type { Reporter } from "../reporter.ts";
import { chinese } from "./chinese.ts";
import { english, type IssueTexts } from "./english.ts";
import { blocks, type IssueContent, issueContent } from "./issue-content.ts";

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

/** A project's own form for bugs: its headings, in its order. */
type Form = (parts: IssueContent) => string;

/** The form of apache/kvrocks (.github/ISSUE_TEMPLATE/bug-report.yml). */
const kvrocks: Form = ({ version, reproduction, expected, verdict, findings, environment }) =>
  blocks([
    "### Search before asking",
    "- [ ] I had searched in the issues and found no similar issues.",
    "### Version",
    version,
    "### Minimal reproduce step",
    reproduction,
    "### What did you expect to see?",
    expected,
    "### What did you see instead?",
    verdict,
    findings,
    "### Anything Else?",
    environment,
    "### Are you willing to submit a PR?",
    "- [ ] I'm willing to submit a PR!",
  ]);

/** The form of OpenAtomFoundation/pika (.github/ISSUE_TEMPLATE/1-bug-report.yaml). */
const pika: Form = ({ texts, version, reproduction, expected, verdict, findings, environment }) =>
  blocks([
    "### Is this a regression?",
    texts.regression,
    "### Description",
    verdict,
    expected,
    findings,
    "### Please provide a link to a minimal reproduction of the bug",
    reproduction,
    "### Screenshots or videos",
    texts.noScreenshots,
    "### Please provide the version you discovered this bug in (check about page for version information)",
    version,
    "### Anything else?",
    environment,
  ]);

/** The forms of redis/redis: bug_report.md, and crash_report.md for a server that crashed. */
const redis: Form = (parts) => {
  const { version, reproduction, expected, verdict, findings, environment, crashLog } = parts;
  if (crashLog !== null)
    return blocks([
      "**Crash report**",
      crashLog,
      verdict,
      findings,
      "**Additional information**",
      "1. OS distribution and version",
      version,
      environment,
      "2. Steps to reproduce (if any)",
      reproduction,
    ]);
  return blocks([
    "**Describe the bug**",
    verdict,
    findings,
    "**To reproduce**",
    reproduction,
    "**Expected behavior**",
    expected,
    "**Additional information**",
    version,
    environment,
  ]);
};

/** The form of the project that makes the server; Kvrocks' for one that has none here. */
function formOf(system: string): Form {
  return { kvrocks, pika, redis }[system] ?? kvrocks;
}
