import path from "node:path";
import { ChaosError } from "../../base/chaos-error.ts";
import { examinationIn, renderExamination } from "../../report/examined/examined-folder.ts";
import { examinedLines } from "../../report/examined/examined-text.ts";
import { LANGUAGES } from "../../report/issue/issue-reporter.ts";
import { formats, renderAll, reporters } from "../../report/registry.ts";
import { writeRunIndex } from "../../report/runs/run-index.ts";
import { browsers, openPage } from "../browser/open-page.ts";
import { command } from "../command.ts";
import { isRun, recordIn } from "../earlier-run.ts";
import { EXIT } from "../exit-codes.ts";
import { log, logError, print } from "../print.ts";

export const reportCommand = command({
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
    open: { type: "boolean", default: false, describe: "show the page in the browser (BROWSER, or the system's own)" },
    lang: { choices: LANGUAGES, default: "en", describe: "language of the bug ticket (--format issue)" },
  },
  run: async ({ run, format, lang, open }) => {
    const show = async (page: string): Promise<void> => {
      if (open) await openPage(page, browsers(page, process.env, process.platform));
    };
    const all = formats(lang);
    const wanted = format.map((name) => {
      const reporter = all.find((one) => one.name === name);
      if (reporter) return reporter;
      const known = all.map((one) => one.name).join(", ");
      throw new ChaosError("usage", `there is no report format "${name}"`, { hint: `Known: ${known}.` });
    });
    if (open && !format.includes("html")) {
      throw new ChaosError("usage", "--open shows report.html, which --format leaves out", {
        hint: "Add html to --format.",
      });
    }
    const directory = path.resolve(run);
    const examination = await examinationIn(directory);
    if (examination !== null) {
      await renderExamination(examination, directory);
      for (const line of examinedLines(examination)) print(line);
      await show(path.join(directory, "report.html"));
      return EXIT.pass;
    }
    // A folder of runs has no journal of its own.
    const index = (await isRun(directory)) ? null : await writeRunIndex(directory);
    if (index !== null) {
      print(index);
      await show(index);
      return EXIT.pass;
    }
    const failures = await renderAll(await recordIn(directory), directory, wanted);
    for (const { name, error } of failures) logError(error, `the reporter "${name}" failed:`);
    // TAP has stdout for itself.
    (format.includes("tap") ? log : print)(directory);
    await show(path.join(directory, "report.html"));
    return failures.length > 0 ? EXIT.infrastructure : EXIT.pass;
  },
});
