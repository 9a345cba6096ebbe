import { mkdir } from "node:fs/promises";
import path from "node:path";
import { ChaosError, messageOf } from "../../base/chaos-error.ts";
import { monotonicClock } from "../../base/clock.ts";
import { formatDuration } from "../../base/units.ts";
import { version } from "../../base/version.ts";
import { imagesOfFaults } from "../../experiment/node-images.ts";
import { ensureImage } from "../../images/ensure-image.ts";
import { writeNight } from "../../report/night/night-files.ts";
import { countedOutcomes } from "../../report/night/outcome-words.ts";
import { type JobWishes, type NightJob, nightJobs, nightOrder, seedOfNight, shardOf } from "../../run/night/jobs.ts";
import { mergeNights } from "../../run/night/merge.ts";
import { blankEntry, NightRunner } from "../../run/night/night-runner.ts";
import { type Night, type NightEntry, nightRun } from "../../run/night/record.ts";
import { systems } from "../../systems/registry.ts";
import type { SystemName } from "../../systems/system.ts";
import { serverIn, systemIn, systemNamedBy } from "../../systems/system-of-image.ts";
import { knownSystem, type ServerChoice } from "../choose-server.ts";
import { command, JOBS, REPORTS } from "../command.ts";
import { EXIT, exitOfNight } from "../exit-codes.ts";
import { EXPERIMENTS, experimentFiles, readExperiments } from "../experiment-files.ts";
import { blankExploration } from "../night/explorations.ts";
import { saveNight } from "../night/night-files.ts";
import { nightWord } from "../night/night-word.ts";
import { NOTIFY, notify, readWebhook } from "../observe/notify.ts";
import { OBSERVED, observed } from "../observe/observers.ts";
import { log } from "../print.ts";
import { readDuration, readJobs, readShard, type Shard } from "../read-limits.ts";
import { type EndedRun, type Session, withSession } from "../session.ts";

const fromEnvironment = (name: string, otherwise?: string) =>
  ({ type: "string", default: process.env[name] || otherwise }) as const;

export const nightlyCommand = command({
  positionals: {
    experiment: {
      type: "string",
      array: true,
      default: [EXPERIMENTS],
      defaultDescription: "the catalogue",
      describe: "files or folders",
    },
  },
  options: {
    budget: {
      ...fromEnvironment("KVCHAOS_BUDGET"),
      describe: 'what does not fit in this time is skipped, like "60m" (KVCHAOS_BUDGET)',
    },
    seed: {
      ...fromEnvironment("KVCHAOS_SEED"),
      defaultDescription: "today's date",
      describe: "draws the plans and their order (KVCHAOS_SEED)",
    },
    shard: {
      ...fromEnvironment("KVCHAOS_SHARD"),
      describe: "i/n: the share of one of n runners (KVCHAOS_SHARD)",
    },
    system: { type: "string", describe: "only this one" },
    image: { type: "string", array: true, default: [] as string[], describe: "instead of the images they name" },
    pull: { type: "boolean", default: false, describe: "bring images that are not on this machine" },
    jobs: { ...JOBS, ...fromEnvironment("KVCHAOS_JOBS", JOBS.default), describe: `${JOBS.describe} (KVCHAOS_JOBS)` },
    explore: {
      ...fromEnvironment("KVCHAOS_EXPLORE"),
      describe:
        'then explore each image of --image, or the first of each system, for "2h" together (KVCHAOS_EXPLORE); only those that are here',
    },
    corpus: {
      ...fromEnvironment("KVCHAOS_CORPUS"),
      describe: "the folder in which explorations go on from night to night, at most 5 MB (KVCHAOS_CORPUS)",
    },
    reports: REPORTS,
    ...OBSERVED,
    notify: NOTIFY,
    reporter: { type: "string", default: "spec", describe: "any mocha reporter" },
    "reporter-option": { type: "string", array: true, default: [] as string[], describe: "name=value, for it" },
  },
  run: (args) =>
    observed(args, async (observers) => {
      const budget = readDuration("--budget", args.budget);
      const exploreFor = args.explore === undefined ? null : readDuration("--explore", args.explore);
      if (args.corpus !== undefined && exploreFor === null && !process.env.KVCHAOS_CORPUS)
        throw new ChaosError("usage", "--corpus without --explore: nothing would go on from it");
      const webhook = readWebhook(args.notify, process.env);
      const shard = readShard(args.shard);
      readJobs(args.jobs ?? JOBS.default);
      const started = new Date();
      const seed = args.seed ?? seedOfNight(started);
      const system = args.system === undefined ? undefined : knownSystem(args.system).name;
      const jobs = await jobsOf(args.experiment, { from: process.cwd(), images: args.image, system }, shard, seed);
      // mocha takes a while to load, and no other command needs it.
      const { nightSuite } = await import("../night/night-suite.ts");
      const reporterOptions = Object.fromEntries(args["reporter-option"].map(reporterOption));
      const title = titleOf(seed, shard, budget);
      const start = nightSuite({ title, jobs, reporter: args.reporter, reporterOptions });
      const clock = monotonicClock();
      const directory = await nightFolder(args.reports, shard, seed, started);
      const entries = new Map(jobs.map((job) => [job, blankEntry(job)]));
      let atOnce = 1;
      const explored: NightEntry[] = [];
      const toExplore: ServerChoice[] = [];
      const night = (finished: boolean): Night => ({
        version: 1,
        kvchaos: version,
        seed,
        startedAt: started.toISOString(),
        ms: Math.round(clock.now()),
        budgetMs: Number.isFinite(budget) ? budget : null,
        ...(atOnce > 1 && { jobs: atOnce }),
        shard,
        finished,
        entries: [...entries.values(), ...explored],
      });
      let saved: Promise<unknown> = Promise.resolve();
      /** One after the other: jobs end at the same time. */
      const save = (finished: boolean): Promise<Night> => {
        const saving = saved.then(async () => {
          const now = night(finished);
          await saveNight(directory, now);
          observers.night(now.entries);
          return now;
        });
        saved = saving.catch(() => {});
        return saving;
      };
      await save(false);
      log(`seed ${seed} (\`kvchaos nightly --seed ${seed}\` draws the same plans)`);
      if (jobs.length === 0)
        log(`nothing to run: there are fewer experiments and images than shards (--shard ${args.shard})`);
      const beside = readJobs(args.jobs ?? JOBS.default, jobs.length);
      const code = await withSession(
        { reports: args.reports, quiet: true, part: true, jobs: beside, observers },
        async (session) => {
          const { signal } = session;
          atOnce = session.jobs;
          const runner = new NightRunner({
            clock,
            budget,
            absent: (job) => anyAbsent(session, job, args.pull),
            run: async (job) => {
              const result = await session.runSeedOn(serverOf(job), job.experiment, seed);
              const kept = (run: EndedRun) => nightRun(path.relative(directory, run.directory), { ...run, seed });
              return [...(result.spoilt ? [{ ...kept(result.spoilt), counts: false as const }] : []), kept(result)];
            },
            signal,
          });
          await start(session.jobs, async (job) => {
            const entry = await runner.job(job);
            entries.set(job, entry);
            await save(false);
            return entry;
          });
          for (const server of exploreFor === null ? [] : imagesToExplore(args.image, system)) {
            const why = await absent(session, server, args.pull);
            if (why === null) toExplore.push(server);
            else
              explored.push({
                ...blankExploration(server.system.name, server.image),
                outcome: "skipped",
                reasons: [why],
              });
          }
          await save(false);
          return EXIT.pass;
        },
      );
      let interrupted = code === EXIT.interrupted;
      if (exploreFor !== null && !interrupted) {
        const { exploreImages } = await import("../night/explore-images.ts");
        const { corpus, jobs: atMost } = args;
        const ofShard = shard.count === 1 ? seed : `${seed}.${shard.index}`;
        const night = {
          directory,
          corpus,
          seed: ofShard,
          jobs: atMost ?? JOBS.default,
          length: exploreFor,
          notify: args.notify,
        };
        const all = await exploreImages(toExplore, night);
        explored.push(...all.entries);
        interrupted = all.interrupted;
      }
      const last = await save(!interrupted);
      await writeNight(mergeNights([{ night: last, directory }], [], directory), process.env);
      log(`${countedOutcomes(last.entries)}\n${path.join(directory, "index.html")}`);
      await notify(webhook, nightWord(last, directory));
      if (interrupted) return EXIT.interrupted;
      // A share can be empty; a whole night must not.
      const outcomes = last.entries.map(({ outcome }) => outcome);
      return outcomes.length === 0 && shard.count > 1 ? EXIT.pass : exitOfNight(outcomes, 0);
    }),
});

/** This runner's jobs in the order of the night. Every file is valid before anything is started. */
async function jobsOf(paths: readonly string[], wishes: JobWishes, shard: Shard, seed: string): Promise<NightJob[]> {
  const experiments = await readExperiments(await experimentFiles(paths));
  return nightOrder(shardOf(nightJobs(experiments, wishes), shard), seed);
}

function reporterOption(text: string): [name: string, value: string] {
  const equals = text.indexOf("=");
  if (equals < 1) throw new ChaosError("usage", `--reporter-option ${text}: expected name=value`);
  return [text.slice(0, equals), text.slice(equals + 1)];
}

function titleOf(seed: string, { index, count }: Shard, budget: number): string {
  const share = count === 1 ? "" : `, shard ${index}/${count}`;
  return `night ${seed}${share}${budget === Number.POSITIVE_INFINITY ? "" : `, budget ${formatDuration(budget)}`}`;
}

/** `reports/<time>-nightly[-1of4]-<seed>/`. */
async function nightFolder(reports: string, { index, count }: Shard, seed: string, now: Date): Promise<string> {
  const time = now.toISOString().slice(0, 19).replace(/[-:]/g, "").replace("T", "-");
  const share = count === 1 ? "" : `-${index}of${count}`;
  const directory = path.resolve(reports, `${time}-nightly${share}-${seed.replace(/[^\w.]+/g, "-").slice(0, 60)}`);
  await mkdir(directory, { recursive: true });
  return directory;
}

/** Those that were asked for, or the first of each system. */
function imagesToExplore(images: readonly string[], system: SystemName | undefined): ServerChoice[] {
  const own = [...systems.values()].flatMap(({ images: [first] }) => first ?? []);
  const named = images.length > 0 ? images : own;
  const servers = named.map((image) => ({ image, system: systemIn(image, knownSystem(systemNamedBy(image))) }));
  return servers.filter((server) => system === undefined || server.system.name === system);
}

const serverOf = ({ image, system }: NightJob): ServerChoice => ({
  image,
  system: systemIn(image, knownSystem(system)),
});

/** Of its own image, and of those that single nodes and faults want. */
async function anyAbsent(session: Session, job: NightJob, pull: boolean): Promise<string | null> {
  const { images, faults } = job.experiment;
  const server = serverOf(job);
  const others = [...Object.values(images.nodes ?? {}), ...imagesOfFaults(faults)];
  for (const one of [server, ...others.map((image) => serverIn(image, server.system))]) {
    const why = await absent(session, one, pull);
    if (why !== null) return why;
  }
  return null;
}

/** Why a job's image cannot be used; null when it is here, or could be brought. */
async function absent({ engine, signal }: Session, { image, system }: ServerChoice, pull: boolean) {
  if (await engine.inspectImage(image, { signal })) return null;
  if (!pull) return `the image ${image} is not on this machine (--pull, or \`kvchaos images wrap\`, brings it)`;
  try {
    await ensureImage({ engine, name: image, recipe: system.recipe, log, signal });
    return null;
  } catch (error) {
    signal.throwIfAborted();
    return `the image ${image} cannot be had: ${messageOf(error)}`;
  }
}
