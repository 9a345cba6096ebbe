import { monotonicClock } from "../../base/clock.ts";
import { examineCore } from "../../examine/core/examine-core.ts";
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
    gdb: {
      type: "boolean",
      default: false,
      describe: "function names too: stops the process for a moment, and says for how long",
    },
    log: { type: "string", describe: "the server's log, where its open files do not tell it" },
    root: {
      type: "string",
      default: "/",
      describe: "of a core: the folder that holds the files of its machine or container",
    },
    reports: REPORTS,
    json: { type: "boolean", default: false, describe: "the examination as JSON on stdout instead of text" },
  },
  run: ({ target, gdb, log: logFile, root, reports, json }) =>
    interruptible(async (signal) => {
      const codes: number[] = [];
      for (const asked of target.map(String)) {
        const kept = keeper(reports);
        const examination = await examine(asked, { gdb, logFile, root, keep: kept.keep, signal });
        await kept.keep(examination);
        if (json) print(JSON.stringify(examination));
        else for (const line of examinedLines(examination)) print(line);
        log(`Written to ${invocation().name(kept.folder())}`);
        codes.push(exitOf(examination));
      }
      return worstExit(codes);
    }),
});

interface How {
  gdb: boolean;
  logFile: string | undefined;
  root: string;
  keep: (examination: Examination) => Promise<void>;
  signal: AbortSignal;
}

async function examine(asked: string, { gdb, logFile, root, keep, signal }: How): Promise<Examination> {
  const clock = monotonicClock();
  const found = await findTarget(asked, processOfContainer);
  if (found.kind === "core") return examineCore({ file: found.file, root, clock, signal });
  const { pid, container, notes } = found;
  const password = process.env[PASSWORD];
  return examineProcess({ asked, pid, container, notes, password, log: logFile, gdb, onHarmless: keep, clock, signal });
}

/** Writes an examination, in one folder however often: what stops nothing is safe before anything is stopped. */
function keeper(reports: string) {
  let directory: string | undefined;
  return {
    async keep(examination: Examination): Promise<void> {
      directory ??= (await makeRunFolder(reports, "examine", examination.name, new Date(examination.at))).directory;
      await writeExamination(examination, directory);
    },
    folder: () => directory ?? reports,
  };
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
