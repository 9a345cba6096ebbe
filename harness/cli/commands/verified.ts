import { writeFile } from "node:fs/promises";
import path from "node:path";
import { ChaosError } from "../../base/chaos-error.ts";
import { filterAsync } from "../../base/filter-async.ts";
import { hasVerdict, type VerifiedRun } from "../../report/verified/verified-run.ts";
import { renderVerified } from "../../report/verified/verified-table.ts";
import { verifiedRunOf } from "../../report/verified/verify-run.ts";
import { command } from "../command.ts";
import { runFolders } from "../earlier-run.ts";
import { EXIT } from "../exit-codes.ts";
import { log, print } from "../print.ts";
import { readVerified, Today, VERIFIED } from "../verified-file.ts";

export const verifiedCommand = command({
  positionals: {
    runs: {
      type: "string",
      array: true,
      describe: "folders of runs, or folders with such in them; none: only drops experiments that are gone",
    },
  },
  options: {
    file: { type: "string", default: VERIFIED, defaultDescription: "the catalogue's", describe: "the table" },
  },
  run: async ({ runs: given = [], file }) => {
    const today = new Today();
    const before = await readVerified(file);
    const folders = (await Promise.all(given.map(runFolders))).flat();
    const kept = await stillThere(before, today);
    let refused = 0;
    for (const folder of folders) {
      try {
        log(`${folder}: ${add(kept, await verifiedRunOf(folder, (...which) => today.plan(...which)))}`);
      } catch (error) {
        // One run that verifies nothing says nothing about the others.
        if (!(error instanceof ChaosError)) throw error;
        refused++;
        log(`${folder}: refused: ${error.message}`);
      }
    }
    await writeFile(file, renderVerified(await withoutReplaced(kept, today)));
    print(path.relative(process.cwd(), file));
    return refused > 0 ? EXIT.usage : EXIT.pass;
  },
});

/** Adds a run in place and says what it is worth. @throws ChaosError usage: another journal of the same run */
function add(runs: VerifiedRun[], run: VerifiedRun): string {
  const same = runs.find((one) => one.run === run.run && one.image === run.image && one.digest === run.digest);
  if (same?.journal === run.journal) return "is there already";
  if (same) throw new ChaosError("usage", `the table has a run ${run.run} with another journal`);
  runs.push(run);
  if (!hasVerdict(run)) return `counted, and verifies nothing: ${run.verdict}`;
  return `added: ${run.found.join(", ") || "nothing found"}`;
}

async function stillThere(runs: readonly VerifiedRun[], today: Today): Promise<VerifiedRun[]> {
  const there = await filterAsync(runs, ({ experiment }) => today.has(experiment));
  const gone = runs.filter((run) => !there.includes(run)).map(({ experiment }) => experiment);
  for (const name of new Set(gone)) log(`dropped: there is no experiment ${name} any more`);
  return there;
}

/** Runs of an experiment as it was give way to one on the same image of the experiment as it is. */
async function withoutReplaced(runs: readonly VerifiedRun[], today: Today): Promise<VerifiedRun[]> {
  const stale = await today.stale(runs);
  const place = ({ experiment, image, digest }: VerifiedRun): string => JSON.stringify([experiment, image, digest]);
  const fresh = new Set(runs.filter((run) => !stale.has(run)).map(place));
  return runs.filter((run) => !stale.has(run) || !fresh.has(place(run)));
}
