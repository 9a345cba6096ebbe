import { chmod, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Reporter } from "../reporter.ts";
import { reproScript } from "./script.ts";

const MODE = 0o755;

/** repro.sh: the run without kvchaos. A run for which there can be none has no such file. */
export const reproReporter: Reporter = {
  name: "repro",
  async onEnd(record, directory) {
    const file = join(directory, "repro.sh");
    const script = reproScript(record);
    if ("why" in script) return rm(file, { force: true });
    await writeFile(file, script.text);
    await chmod(file, MODE);
  },
};
