import { ChaosError } from "../../base/chaos-error.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import { newSeed, rounds, seedOfRound } from "../../run/campaign/rounds.ts";
import { series } from "../../run/campaign/series.ts";
import { ATTACH, DELETES } from "../attached/prepare-attached.ts";
import { LOGIN, readAccess } from "../attached/read-access.ts";
import { runAttached } from "../attached/run-attached.ts";
import { readWish } from "../choose-server.ts";
import { command, IMAGE, JOBS, JSON_EVENTS, KEEP, QUIET, REPORTS, SYSTEM } from "../command.ts";
import { EXIT, exitOfVerdict, worstExit } from "../exit-codes.ts";
import { experimentFiles, readExperiments } from "../experiment-files.ts";
import { OBSERVED, observed } from "../observe/observers.ts";
import { log } from "../print.ts";
import { readCount, readDuration, readJobs, readShard } from "../read-limits.ts";
import { type Session, withSession } from "../session.ts";

export const runCommand = command({
  positionals: { experiment: { type: "string", array: true, demandOption: true, describe: "files or folders" } },
  options: {
    system: SYSTEM,
    image: IMAGE,
    seed: { type: "string", describe: "draws every random choice; default: a new one, which is printed" },
    repeat: { type: "number", default: 1, describe: "runs of each experiment, each with a seed of its own" },
    "until-fail": { type: "boolean", default: false, describe: "repeat until a run does not pass" },
    duration: { type: "string", describe: 'repeat for this long, like "30m"; no run begins later' },
    expect: { choices: ["fail"] as const, describe: "a known bug must reproduce: exit 0 when it does" },
    shard: { type: "string", describe: "i/n: every n-th experiment, beginning with the i-th" },
    attach: {
      type: "string",
      describe: "a file that names servers that are there: the experiment runs against them, and starts none",
    },
    ...ATTACH,
    ...LOGIN,
    jobs: JOBS,
    keep: KEEP,
    reports: REPORTS,
    quiet: QUIET,
    json: JSON_EVENTS,
    ...OBSERVED,
  },
  run: async (args) => {
    const repeat = readCount("--repeat", args.repeat);
    readJobs(args.jobs);
    const wish = readWish(args);
    const duration = readDuration("--duration", args.duration);
    const endless = repeat === 1 && (args["until-fail"] || args.duration !== undefined);
    const { index, count } = readShard(args.shard);
    const files = (await experimentFiles(args.experiment)).filter((_, i) => i % count === index - 1);
    if (files.length === 0) log(`nothing to run: there are fewer experiments than shards (--shard ${args.shard})`);
    // Every file is valid before anything is started or installed.
    const experiments = await readExperiments(files);
    if (experiments.length === 0) return EXIT.pass;
    if (args.attach !== undefined) return attach({ ...args, attach: args.attach, repeat, endless }, files, experiments);
    const trials = endless ? Number.POSITIVE_INFINITY : experiments.length * repeat;
    const jobs = readJobs(args.jobs, trials);
    const runAll = async (session: Session): Promise<number> => {
      const end = performance.now() + duration;
      const ran = await series(
        rounds(experiments, endless ? Number.POSITIVE_INFINITY : repeat),
        {
          run: ({ of: experiment, round }, unneeded) => {
            const seed = args.seed === undefined ? newSeed() : seedOfRound(args.seed, round);
            return session.runSeed(experiment, seed, wish, { unneeded });
          },
          // However short the time is, one takes place.
          late: ({ of, round }) => (round > 0 || of !== experiments[0]) && performance.now() >= end,
          signal: session.signal,
          jobs: session.jobs,
        },
        ({ verdict }) => args["until-fail"] && verdict !== "pass",
      );
      if (ran.end.kind === "late" && ran.end.trial.round === 0) {
        const first = ran.end.trial.of;
        const left = `${experiments.length - experiments.indexOf(first)} of ${experiments.length}`;
        log(`--duration ${args.duration} is over: not run were ${left}, from ${first.file} on`);
      }
      return worstExit(ran.results.map(({ verdict }) => exitOfVerdict(verdict, args.expect === "fail")));
    };
    return observed(args, (observers) => withSession({ ...args, jobs, again: true, observers }, runAll));
  },
});

/** One run, of one experiment: what is there is nobody's to be used up. */
async function attach(
  args: Record<"reports" | "attach", string> &
    Record<"quiet" | "json" | "keep" | "endless" | typeof DELETES, boolean> &
    Record<"seed" | "user" | "password-file" | "system" | "expect", string | undefined> & {
      repeat: number;
      jobs: unknown;
      image: readonly string[] | undefined;
    },
  files: readonly string[],
  [experiment, ...others]: readonly Experiment[],
): Promise<number> {
  const [file] = files;
  if (!experiment || file === undefined || others.length > 0 || args.repeat > 1 || args.endless)
    throw new ChaosError("usage", "--attach is for one run of one experiment");
  for (const [option, given] of Object.entries({
    system: args.system,
    image: args.image?.[0],
    keep: args.keep || undefined,
  }))
    if (given !== undefined)
      throw new ChaosError("usage", `--${option} beside --attach: the servers are what they are`);
  const { attach, seed, reports, quiet, json, [DELETES]: deletes } = args;
  const access = await readAccess(args);
  return runAttached(experiment, {
    file,
    attach,
    deletes,
    access,
    seed,
    reports,
    quiet,
    json,
    expectFail: args.expect === "fail",
  });
}
