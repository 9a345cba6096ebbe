import { chmod, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RunRecord } from "../journal/record.ts";
import { reproScript } from "../repro/script.ts";
import type { Reporter } from "./reporter.ts";
import { type RunSummary, summarize } from "./run-summary.ts";
import { verdictSentence } from "./verdict-text.ts";

const MODE = 0o755;

/** repro.sh: the run without kvchaos. A run for which there can be none has no such file. */
export const reproReporter: Reporter = {
  name: "repro",
  async onEnd(record, directory) {
    const file = join(directory, "repro.sh");
    const script = scriptOf(record, summarize(record));
    if ("why" in script) return rm(file, { force: true });
    await writeFile(file, script.text);
    await chmod(file, MODE);
  },
};

/** The script, or why there is none. */
export function scriptOf(record: RunRecord, summary: RunSummary): ReturnType<typeof reproScript> {
  if (record.view.phase("watch")) return { why: "nothing was done to these servers that could be done again" };
  return reproScript(record, { findings: summary.findings, verdict: verdictSentence(summary) });
}
