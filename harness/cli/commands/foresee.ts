import path from "node:path";
import type { RunRecord } from "../../journal/record.ts";
import { explain } from "../../locks/predict/explain.ts";
import { newSeed } from "../../run/campaign/rounds.ts";
import { type Confirmation, confirm } from "../../run/confirm/confirm.ts";
import { command, KEEP, QUIET, REPORTS, SYSTEM } from "../command.ts";
import { isRun, readPlanFile, recordIn } from "../earlier-run.ts";
import { EXIT, exitOfVerdict, worstExit } from "../exit-codes.ts";
import { readExperiments } from "../experiment-files.ts";
import { log, print } from "../print.ts";
import { readCount } from "../read-limits.ts";
import { type Session, withSession } from "../session.ts";

export const foreseeCommand = command({
  usage: "foresee <target>",
  summary: "deadlocks that a run did not hit and that its servers can reach; with --confirm they are made real",
  positionals: {
    target: {
      type: "string",
      demandOption: true,
      describe: "an experiment file, or the folder of a run that saw locks",
    },
  },
  options: {
    system: SYSTEM,
    image: { type: "string", describe: "server image; of a run: default that run's" },
    seed: { type: "string", describe: "draws every random choice; default: a new one, which is printed" },
    confirm: { type: "boolean", default: false, describe: "run again with pauses until each prediction comes true" },
    tries: { type: "number", default: 6, describe: "runs for each prediction before it stays a warning" },
    only: { type: "string", describe: "the prediction with this signature alone" },
    keep: KEEP,
    reports: REPORTS,
    quiet: QUIET,
  },
  run: async (args) => {
    const tries = readCount("--tries", args.tries);
    const earlier = await isRun(args.target);
    const [experiment] = earlier ? [] : await readExperiments([args.target]);
    return withSession(args, async (session) => {
      if (!experiment) {
        const record = await recordIn(args.target);
        const plan = await readPlanFile(path.join(args.target, "plan.yaml"));
        const server = await session.chooseAgain(args, plan, record);
        return args.confirm ? confirmAll(session, record, server, { ...args, tries }) : told(record);
      }
      const result = await session.runSeed({ ...experiment, locks: true }, args.seed ?? newSeed(), args);
      const code = exitOfVerdict(result.verdict, false);
      if (!args.confirm || session.signal.aborted) return code;
      const server = await session.chooseAgain(
        args,
        await readPlanFile(path.join(result.directory, "plan.yaml")),
        result.record,
      );
      return worstExit([code, await confirmAll(session, result.record, server, { ...args, tries })]);
    });
  },
});

type Server = Awaited<ReturnType<Session["chooseAgain"]>>;

async function confirmAll(
  session: Session,
  record: RunRecord,
  server: Server,
  { tries, only }: { tries: number; only?: string | undefined },
): Promise<number> {
  const news = (record.view.foreseen?.deadlocks ?? []).filter(({ known, prediction }) =>
    only === undefined ? known === null : prediction.signature === only,
  );
  if (news.length === 0) print("nothing is foretold that is not known");
  const done: Confirmation[] = [];
  for (const { prediction, nodes } of news) {
    const [node] = nodes;
    if (node === undefined || session.signal.aborted) continue;
    log(`making ${prediction.signature} real: ${explain(prediction)}`);
    const one = await confirm(
      record,
      { node, prediction, tries },
      { run: ({ plan }) => session.runPlan(plan, server), signal: session.signal },
    );
    done.push(one);
    print(fate(one));
  }
  return done.some(({ made }) => made !== null) ? EXIT.finding : EXIT.pass;
}

/** What became of a prediction, in a line. */
function fate({ prediction: { signature }, tried, made }: Confirmation): string {
  if (made) return `${signature}: made real in try ${tried.length} (${made.directory})`;
  const pauses = tried.reduce((sum, one) => sum + one.pauses, 0);
  return `${signature}: not made real in ${tried.length} tries, in which threads paused ${pauses} times: it stays a warning`;
}

function told(record: RunRecord): number {
  const all = record.view.foreseen?.deadlocks ?? [];
  if (all.length === 0) print("nothing is foretold");
  for (const { prediction } of all) print(`${prediction.signature}: ${explain(prediction)}`);
  return EXIT.pass;
}
