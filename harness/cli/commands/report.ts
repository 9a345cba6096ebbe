import { access } from "node:fs/promises";
import path from "node:path";
import { ChaosError } from "../../base/chaos-error.ts";
import { readRecord } from "../../journal/reader.ts";
import { LANGUAGES } from "../../report/issue/issue-language.ts";
import { formats, renderAll, reporters } from "../../report/registry.ts";
import { writeRunIndex } from "../../report/runs/run-index.ts";
import { command } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { log, out, printError } from "../print.ts";

export const reportCommand = command({
  usage: "report <run>",
  summary: "render a run's reports again from its journal alone; of a folder of runs, its index.html",
  positionals: { run: { type: "string", demandOption: true, describe: "a run's folder, or a folder of runs" } },
  options: {
    format: {
      type: "string",
      array: true,
      default: reporters.map(({ name }) => name),
      describe: `which reports: ${formats("en")
        .map(({ name }) => name)
        .join(", ")}`,
    },
    lang: { choices: LANGUAGES, default: "en", describe: "language of the bug ticket (--format issue)" },
  },
  run: async ({ run, format, lang }) => {
    const all = formats(lang);
    const wanted = format.map((name) => {
      const reporter = all.find((one) => one.name === name);
      if (reporter) return reporter;
      const known = all.map((one) => one.name).join(", ");
      throw new ChaosError("usage", `there is no report format "${name}"`, { hint: `Known: ${known}.` });
    });
    const directory = path.resolve(run);
    const index = await indexOfRuns(directory);
    if (index !== null) {
      out(index);
      return EXIT.pass;
    }
    const record = await readRecord(path.join(directory, "journal.jsonl"));
    const failures = await renderAll(record, directory, wanted);
    for (const { name, error } of failures) {
      log(`the reporter "${name}" failed:`);
      printError(error);
    }
    // TAP has stdout for itself.
    (format.includes("tap") ? log : out)(directory);
    return failures.length > 0 ? EXIT.infrastructure : EXIT.pass;
  },
});

/** A folder of runs has no journal of its own. null: it is none. */
async function indexOfRuns(directory: string): Promise<string | null> {
  const isRun = await access(path.join(directory, "journal.jsonl")).then(
    () => true,
    () => false,
  );
  return isRun ? null : writeRunIndex(directory);
}
