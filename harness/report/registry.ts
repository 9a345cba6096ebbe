import type { RunRecord } from "../journal/record.ts";
import { githubReporter } from "./ci/github.ts";
import { jsonReporter } from "./ci/json.ts";
import { junitReporter } from "./ci/junit.ts";
import { ndjsonReporter } from "./ci/ndjson.ts";
import { tapReporter } from "./ci/tap.ts";
import { issueReporter, type Language } from "./issue/issue-reporter.ts";
import { htmlReporter } from "./page/html-reporter.ts";
import type { Reporter } from "./reporter.ts";
import { reproReporter } from "./repro-script.ts";
import { type TerminalStream, terminalReporter, type Whereabouts } from "./terminal/terminal.ts";

/*
 *   journal ─► live reporters (terminal) while it runs
 *   RunRecord ─► renderAll ─► report.html, result.json, junit.xml, issue.md, repro.sh in the run's folder
 */

const files: Reporter[] = [jsonReporter, junitReporter, htmlReporter, issueReporter("en"), reproReporter];
/** What every run gets, wherever it takes place. */
export const fileReporters: readonly Reporter[] = files;

const own: Reporter[] = [];
/** The user's own, which are among the above, too: they see a run go on. */
export const ownReporters: readonly Reporter[] = own;

const github = githubReporter(process.env, process.stderr);

/** What every run gets; in a GitHub workflow its step summary and annotations, too. */
const everywhere = process.env.GITHUB_STEP_SUMMARY ? [...files, github] : files;
export const reporters: readonly Reporter[] = everywhere;

/** One more, of the user's own. */
export function addReporter(reporter: Reporter): void {
  own.push(reporter);
  for (const list of new Set([files, everywhere])) list.push(reporter);
}

/** Every report that can be rendered from a journal alone, tickets in that language. TAP goes to stdout. */
export function formats(language: Language): readonly Reporter[] {
  const files = fileReporters.map((one) => (one.name === "issue" ? issueReporter(language) : one));
  return [...files, github, tapReporter(process.stdout)];
}

export interface LiveOptions extends Whereabouts {
  /** Where people look. */
  terminal: TerminalStream;
  /** Events as NDJSON on `output` instead of lines for people; how it ended is still told on `terminal`. */
  json: boolean;
  output: NodeJS.WritableStream;
  /** Only how it ended. */
  quiet: boolean;
}

/** Reporters for the time of the run. */
export function liveReporters({ terminal, json, output, quiet, ...where }: LiveOptions): Reporter[] {
  const forPeople = terminalReporter(terminal, process.env, quiet || json, where);
  return json ? [ndjsonReporter(output), forPeople] : [forPeople];
}

/** Lets every reporter finish. One that throws is returned with its error; it changes neither the verdict nor the others. */
export async function renderAll(record: RunRecord, directory: string, wanted: readonly Reporter[] = reporters) {
  const failures: { name: string; error: unknown }[] = [];
  for (const reporter of wanted) {
    try {
      await reporter.onEnd?.(record, directory);
    } catch (error) {
      failures.push({ name: reporter.name, error });
    }
  }
  return failures;
}
