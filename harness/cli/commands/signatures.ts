import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { SIGNATURES_FILE } from "../../experiment/known-bugs.ts";
import { KnownSignatures, signaturesIn } from "../../explore/known-signatures.ts";
import { readRun } from "../../history/read-history.ts";
import { command } from "../command.ts";
import { runFolders } from "../earlier-run.ts";
import { EXIT } from "../exit-codes.ts";
import { EXPERIMENTS } from "../experiment-files.ts";
import { log, print } from "../print.ts";

const FILE = path.join(EXPERIMENTS, SIGNATURES_FILE);

export const signaturesCommand = command({
  positionals: {
    runs: {
      type: "string",
      array: true,
      demandOption: true,
      describe: "folders of runs of the catalogue's experiments, or folders with such in them",
    },
  },
  options: {
    file: { type: "string", default: FILE, defaultDescription: "the catalogue's", describe: "the list" },
  },
  run: async ({ runs = [], file }) => {
    const known = new KnownSignatures(await readFile(file, "utf8"), file);
    for (const folder of (await Promise.all(runs.map(runFolders))).flat()) {
      const found = signaturesIn(await readRun(folder));
      if (found.length === 0) log(`${folder}: nothing that tells one bug from others, on an image that has it`);
      for (const one of found) log(`${folder}: ${known.add(one) ? "added" : "is there already"}: ${one.signature}`);
    }
    await writeFile(file, known.text);
    print(path.relative(process.cwd(), file));
    return EXIT.pass;
  },
});
