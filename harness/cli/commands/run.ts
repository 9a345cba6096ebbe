import { randomInt } from "node:crypto";
import path from "node:path";
import { registries } from "../../experiment/catalogue.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import { readExperiment } from "../../experiment/read-experiment.ts";
import { chooseServer } from "../choose-server.ts";
import { command, JSON_EVENTS, KEEP, QUIET, REPORTS, SYSTEM } from "../command.ts";
import { countAgain } from "../count-again.ts";
import { EXIT, exitOfVerdict, worstExit } from "../exit-codes.ts";
import { experimentFiles } from "../experiment-files.ts";
import { interruptSignal } from "../interrupt.ts";
import { readShard } from "../night/read-shard.ts";
import { planFor } from "../plan-for.ts";
import { log } from "../print.ts";
import { readCount, readDuration } from "../read-limits.ts";
import { readyMachine } from "../ready-machine.ts";
import { runOnce } from "../run-once.ts";
import { runRounds } from "../run-rounds.ts";

export const runCommand = command({
  usage: "run <experiment..>",
  summary: "run experiments on real servers and report what they find",
  positionals: { experiment: { type: "string", array: true, demandOption: true, describe: "files or folders" } },
  options: {
    system: SYSTEM,
    image: { type: "string", describe: "server image; its name tells the system, or add --system" },
    seed: { type: "string", describe: "draws every random choice; default: a new one, which is printed" },
    repeat: { type: "number", default: 1, describe: "runs of each experiment, each with a seed of its own" },
    "until-fail": { type: "boolean", default: false, describe: "repeat until a run does not pass" },
    duration: { type: "string", describe: 'repeat for this long, like "30m"; no run begins later' },
    expect: { choices: ["fail"] as const, describe: "a known bug must reproduce: exit 0 when it does" },
    shard: { type: "string", describe: "i/n: every n-th experiment, beginning with the i-th" },
    keep: KEEP,
    reports: REPORTS,
    quiet: QUIET,
    json: JSON_EVENTS,
  },
  run: async (args) => {
    const limits = readLimits(args);
    const files = shard(await experimentFiles(args.experiment), args.shard);
    if (files.length === 0) log(`nothing to run: there are fewer experiments than shards (--shard ${args.shard})`);
    // Every file is valid before anything is started or installed.
    const experiments: Experiment[] = [];
    for (const file of files) experiments.push(await readExperiment(file, registries));
    if (experiments.length === 0) return EXIT.pass;
    const codes: number[] = [];
    const directories = new Map<Experiment, string[]>(experiments.map((one) => [one, []]));
    const { signal, dispose } = interruptSignal(log);
    try {
      const engine = await readyMachine(signal);
      const end = performance.now() + limits.duration;
      const notRun = await runRounds({
        experiments,
        rounds: limits.rounds,
        untilFail: args["until-fail"],
        over: () => performance.now() >= end,
        signal,
        run: async (experiment, round) => {
          const server = await chooseServer(engine, args, experiment.systems, signal);
          const base = args.seed ?? String(randomInt(1, 1_000_000));
          const seed = round === 0 || args.seed === undefined ? base : `${base}.${round + 1}`;
          const { plan, compose } = await planFor(experiment, seed, server);
          const result = await runOnce({
            engine,
            server,
            plan,
            compose,
            signal,
            keep: args.keep,
            reports: path.resolve(args.reports),
            quiet: args.quiet,
            json: args.json,
          });
          directories.get(experiment)?.push(result.directory);
          codes.push(exitOfVerdict(result.verdict, args.expect === "fail"));
          return result;
        },
      });
      if (notRun.length > 0) {
        const [first] = notRun as [Experiment];
        log(
          `--duration ${args.duration} is over: not run were ${notRun.length} of ${experiments.length}, from ${first.file} on`,
        );
      }
      return signal.aborted ? EXIT.interrupted : worstExit(codes);
    } finally {
      // However it ended, by time, a failure or the user: each page tells how often it came back.
      for (const own of directories.values()) await countAgain(own);
      dispose();
    }
  },
});

function readLimits(args: { repeat: number; duration?: string | undefined; "until-fail": boolean }): {
  rounds: number;
  duration: number;
} {
  const repeat = readCount("--repeat", args.repeat);
  const duration = args.duration === undefined ? Number.POSITIVE_INFINITY : readDuration("--duration", args.duration);
  const endless = args["until-fail"] || args.duration !== undefined;
  return { rounds: endless && repeat === 1 ? Number.POSITIVE_INFINITY : repeat, duration };
}

function shard(files: readonly string[], text: string | undefined): readonly string[] {
  if (text === undefined) return files;
  const { index, count } = readShard(text);
  return files.filter((_, i) => i % count === index - 1);
}
