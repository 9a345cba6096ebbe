import path from "node:path";
import { writeNight } from "../../report/night/night-files.ts";
import { countedOutcomes } from "../../report/night/outcome-words.ts";
import { mergeNights } from "../../run/night/merge.ts";
import { command } from "../command.ts";
import { exitOfNight } from "../exit-codes.ts";
import { findNights } from "../night/night-files.ts";
import { log, print } from "../print.ts";

export const mergeCommand = command({
  positionals: { reports: { type: "string", array: true, demandOption: true, describe: "folders with runs in them" } },
  options: {
    out: { type: "string", default: "merged", describe: "the folder to write" },
  },
  run: async (args) => {
    const directory = path.resolve(args.out);
    const { nights, others, withoutResult } = await findNights(args.reports, directory);
    const sum = mergeNights(nights, others, directory);
    for (const folder of withoutResult) {
      sum.missing.push(`the run ${path.basename(folder)} left no result: its runner was killed`);
    }
    await writeNight(sum, process.env);
    for (const text of sum.missing) log(`missing: ${text}`);
    log(countedOutcomes(sum.entries));
    print(path.join(directory, "index.html"));
    return exitOfNight(
      sum.entries.map(({ outcome }) => outcome),
      sum.missing.length,
    );
  },
});
