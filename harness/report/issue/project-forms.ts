import { type IssueContent, join } from "./issue-content.ts";

/** A project's own form for bugs: its headings, in its order. */
type Form = (parts: IssueContent) => string;

/** The form of apache/kvrocks (.github/ISSUE_TEMPLATE/bug-report.yml). */
const kvrocks: Form = ({ version, reproduction, expected, verdict, findings, environment }) =>
  join([
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
  join([
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
    return join([
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
  return join([
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
export function formOf(system: string): Form {
  return { kvrocks, pika, redis }[system] ?? kvrocks;
}
