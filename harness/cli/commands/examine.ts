import { ChaosError } from "../../base/chaos-error.ts";
import { monotonicClock } from "../../base/clock.ts";
import { examineProcess } from "../../examine/examine.ts";
import { findTarget } from "../../examine/target.ts";
import type { Examination } from "../../journal/examination.ts";
import { writeExamination } from "../../report/examined/examined-folder.ts";
import { examinedLines } from "../../report/examined/examined-text.ts";
import { makeRunFolder } from "../../run/run-folder.ts";
import { command, REPORTS } from "../command.ts";
import { EXIT, worstExit } from "../exit-codes.ts";
import { interruptible } from "../interrupt.ts";
import { invocation } from "../invocation.ts";
import { log, print } from "../print.ts";

const PASSWORD = "KVCHAOS_PASSWORD";

export const examineCommand = command({
  positionals: {
    target: {
      type: "string",
      array: true,
      demandOption: true,
      describe: "process id, name or id of a container, host:port of a server on this machine, or core file",
    },
  },
  options: {
    log: { type: "string", describe: "the server's log, where its open files do not tell it" },
    reports: REPORTS,
    json: { type: "boolean", default: false, describe: "the examination as JSON on stdout instead of text" },
  },
  run: ({ target, log: logFile, reports, json }) =>
    interruptible(async (signal) => {
      const codes: number[] = [];
      for (const asked of target.map(String)) {
        const found = await findTarget(asked, processOfContainer);
        if (found.kind === "core") throw new ChaosError("usage", "core files are not read yet");
        const { pid, container, notes } = found;
        const password = process.env[PASSWORD];
        const clock = monotonicClock();
        const examination = await examineProcess({
          asked,
          pid,
          container,
          notes,
          password,
          log: logFile,
          clock,
          signal,
        });
        codes.push(await tell(examination, { reports, json }));
      }
      return worstExit(codes);
    }),
});

async function tell(examination: Examination, { reports, json }: { reports: string; json: boolean }): Promise<number> {
  const { directory } = await makeRunFolder(reports, "examine", examination.name, new Date(examination.at));
  await writeExamination(examination, directory);
  if (json) print(JSON.stringify(examination));
  else for (const line of examinedLines(examination)) print(line);
  log(`Written to ${invocation().name(directory)}`);
  return exitOf(examination);
}

function exitOf({ verdict }: Examination): number {
  if (verdict.proved) return EXIT.finding;
  return verdict.class === "nothing" ? EXIT.pass : EXIT.inconclusive;
}

/** Only where files do not tell: an engine is not needed. */
async function processOfContainer(name: string): Promise<number | null> {
  try {
    const { connectEngine } = await import("../../docker/engine.ts");
    const engine = await connectEngine({ within: 2_000 });
    const container = engine.info.local ? await engine.inspectContainer(name, { within: 2_000 }) : null;
    return container?.pid ?? null;
  } catch {
    return null; // No engine, or none that we may ask.
  }
}
