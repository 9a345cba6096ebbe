import path from "node:path";
import { ChaosError } from "../../base/chaos-error.ts";
import { registries } from "../../experiment/catalogue.ts";
import { readExperiment } from "../../experiment/read-experiment.ts";
import type { EventOf } from "../../journal/events.ts";
import type { RunRecord } from "../../journal/record.ts";
import { explain } from "../../locks/predict/explain.ts";
import { fateText, sentenceOf } from "../../report/foreseen/foreseen-text.ts";
import { newSeed } from "../../run/campaign/rounds.ts";
import { confirm, fateOf } from "../../run/confirm/confirm.ts";
import { readWish, type ServerWish } from "../choose-server.ts";
import { command, IMAGE, JOBS, KEEP, QUIET, REPORTS, SYSTEM } from "../command.ts";
import { addToRun, isRun, readPlanFile, recordIn } from "../earlier-run.ts";
import { EXIT, exitOfVerdict, worstExit } from "../exit-codes.ts";
import { log, print } from "../print.ts";
import { readCount, readJobs } from "../read-limits.ts";
import { type Session, withSession } from "../session.ts";

export const foreseeCommand = command({
  positionals: {
    target: {
      type: "string",
      demandOption: true,
      describe: "an experiment file, or the folder of a run that saw locks",
    },
  },
  options: {
    system: SYSTEM,
    image: { ...IMAGE, describe: `${IMAGE.describe}; default: the images of that run` },
    seed: { type: "string", describe: "draws every random choice; default: a new one, which is printed" },
    confirm: { type: "boolean", default: false, describe: "run again with pauses until each prediction comes true" },
    tries: { type: "number", default: 6, describe: "runs for each prediction before it stays a warning" },
    only: { type: "string", describe: "the prediction with this signature alone" },
    jobs: JOBS,
    keep: KEEP,
    reports: REPORTS,
    quiet: QUIET,
  },
  run: async (args) => {
    const tries = readCount("--tries", args.tries);
    const wish = { ...readWish(args), only: args.only, tries };
    const options = { ...args, jobs: readJobs(args.jobs, args.confirm ? tries : 1) };
    if (await isRun(args.target)) {
      const record = await seenLocks(args.target, args.only);
      if (!args.confirm) return told(record);
      return withSession(options, (session) => confirmAll(session, { record, directory: args.target }, wish));
    }
    const experiment = await readExperiment(args.target, registries);
    return withSession(options, async (session) => {
      const result = await session.runSeed({ ...experiment, locks: true }, args.seed ?? newSeed(), wish, {
        verb: "foresee",
      });
      const code = exitOfVerdict(result.verdict, false);
      if (!args.confirm || session.signal.aborted) return code;
      return worstExit([code, await confirmAll(session, { ...result, record: await result.record() }, wish)]);
    });
  },
});

interface Wish extends ServerWish {
  tries: number;
  only?: string | undefined;
}

async function confirmAll(
  session: Session,
  { record, directory }: { record: RunRecord; directory: string },
  { tries, only, ...wish }: Wish,
): Promise<number> {
  const plan = await readPlanFile(path.join(directory, "plan.yaml"));
  const server = await session.chooseAgain(wish, plan, record);
  const news = (record.view.foreseen?.deadlocks ?? []).filter(({ known, prediction }) =>
    only === undefined ? known === null : prediction.signature === only,
  );
  if (news.length === 0)
    print(only === undefined ? "nothing is foretold that is not known" : `${only} is not foretold`);
  const fates: EventOf<"confirmation">[] = [];
  for (const { prediction, nodes } of news) {
    const [node] = nodes;
    if (node === undefined || session.signal.aborted) continue;
    log(`making ${prediction.signature} real: ${explain(prediction)}`);
    const one = await confirm(
      record,
      { node, prediction, tries },
      {
        run: async ({ plan: own }, unneeded) => {
          const ended = await session.runPlan(own, server, { unneeded });
          return { ...ended, record: await ended.record() };
        },
        signal: session.signal,
        jobs: session.jobs,
      },
    );
    // An interrupted try says nothing.
    if (session.signal.aborted && one.made === null) break;
    const fate = { ...fateOf(one), t: record.end };
    fates.push(fate);
    print(`${prediction.signature}: ${fateText(fate)}`);
  }
  // Nothing can be added behind a last line that is torn.
  if (fates.length > 0 && record.tornLine === null) await addToRun(directory, fates);
  return fates.some(({ made }) => made !== null) ? EXIT.finding : EXIT.pass;
}

/** @throws ChaosError usage: nobody asked for the servers' locks in that run, or it does not foretell `only` */
async function seenLocks(folder: string, only: string | undefined): Promise<RunRecord> {
  const record = await recordIn(folder);
  const { foreseen } = record.view;
  if (foreseen === null) {
    throw new ChaosError("usage", `the run in ${folder} did not look at its servers' locks`, {
      hint: "Run its experiment with `kvchaos foresee`, or with `locks: true` in it.",
    });
  }
  const signatures = foreseen.deadlocks.map(({ prediction }) => prediction.signature);
  if (only === undefined || signatures.includes(only)) return record;
  throw new ChaosError("usage", `--only ${only}: the run in ${folder} does not foretell that`, {
    hint: `It foretells ${signatures.join(", ") || "nothing"}.`,
  });
}

function told(record: RunRecord): number {
  const all = record.view.foreseen?.deadlocks ?? [];
  if (all.length === 0) print("nothing is foretold");
  for (const one of all) print(`${one.prediction.signature}: ${sentenceOf(one)}`);
  return EXIT.pass;
}
