import path from "node:path";
import { seededRandom } from "../../base/random.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import { systems } from "../../systems/registry.ts";
import type { SystemName } from "../../systems/system.ts";
import { systemNamedBy, systemOfImage } from "../../systems/system-of-image.ts";

/** Starting a cluster, the final comparison and tearing down, on a slow machine, ms. */
const AROUND_MS = 30_000;

/** One experiment on one image: what is one test of a night. */
export interface NightJob {
  experiment: Experiment;
  /** Its file, relative to where the runner was started: the same on every machine. */
  file: string;
  system: SystemName;
  image: string;
}

export interface JobWishes {
  /** The folder to which the experiments' files are told. */
  from: string;
  /** Instead of the images that the experiments name. */
  images?: readonly string[] | undefined;
  system?: SystemName | undefined;
}

/**
 * Every experiment on every image that it names, or else on each of its systems' first image. Depends on the files alone and
 * on nothing of this machine, so that all runners of a night make the same list.
 * @throws ChaosError usage: an image whose system nobody knows
 */
export function nightJobs(experiments: readonly Experiment[], { from, images = [], system }: JobWishes): NightJob[] {
  return experiments.flatMap((experiment) => {
    const file = path.relative(from, experiment.file);
    const named = images.length > 0 ? images : namedImages(experiment);
    const jobs =
      named.length > 0
        ? [...new Set(named)].map((image) => ({ image, system: systemFor(image, experiment, system) }))
        : experiment.systems.map((name) => ({ image: systems.get(name)?.images[0] as string, system: name }));
    const fit = jobs.filter((job) => experiment.systems.includes(job.system) && (!system || job.system === system));
    return fit.map((job) => ({ experiment, file, ...job }));
  });
}

export function namedImages({ images: { affected, fixed } }: Experiment): string[] {
  return [affected, fixed].filter((image) => image !== undefined);
}

function systemFor(image: string, { systems: allowed }: Experiment, wish: SystemName | undefined): SystemName {
  const told = systemOfImage(image) ?? wish;
  return told ?? (allowed.length === 1 && allowed[0] ? allowed[0] : systemNamedBy(image));
}

/** How long a job may take, ms: every phase as long as it may last. Known bugs that stop at the first finding need less. */
export function mostTime({ experiment }: NightJob): number {
  return AROUND_MS + experiment.warmUp + experiment.duration + experiment.recovery.within;
}

/**
 * The share of one runner of `count` (`index` from 1), by time: the longest job first, each to the runner with the least to do.
 * All shares together are all jobs, none twice.
 */
export function shardOf(jobs: readonly NightJob[], { index, count }: { index: number; count: number }): NightJob[] {
  const loads = Array.from({ length: count }, () => 0);
  const mine = new Set<NightJob>();
  // Sorting is stable: jobs of the same length stay in the order of their files on every machine.
  for (const job of [...jobs].sort((a, b) => mostTime(b) - mostTime(a))) {
    const runner = loads.indexOf(Math.min(...loads));
    loads[runner] = (loads[runner] as number) + mostTime(job);
    if (runner === index - 1) mine.add(job);
  }
  return jobs.filter((job) => mine.has(job));
}

/** The order of a night, drawn from its seed: what a short night leaves out is not always the same. */
export function nightOrder(jobs: readonly NightJob[], seed: string): NightJob[] {
  const random = seededRandom(seed).fork("night/order");
  const order = [...jobs];
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.int(0, i);
    [order[i], order[j]] = [order[j] as NightJob, order[i] as NightJob];
  }
  return order;
}

/** The seed of the night that begins at this moment: its date in UTC, "20261121". */
export function seedOfNight(now: Date): string {
  return now.toISOString().slice(0, 10).replaceAll("-", "");
}
