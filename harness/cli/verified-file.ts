import { readFile } from "node:fs/promises";
import path from "node:path";
import { filterAsync } from "../base/filter-async.ts";
import { groupBy } from "../base/group-by.ts";
import { registries } from "../experiment/catalogue.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { notAFile } from "../experiment/read/read-text.ts";
import { readExperiment } from "../experiment/read-experiment.ts";
import type { Plan } from "../journal/plan.ts";
import type { VerifiedRun } from "../report/verified/verified-run.ts";
import { planDigest } from "../report/verified/verified-run.ts";
import { parseVerified } from "../report/verified/verified-table.ts";
import { systems } from "../systems/registry.ts";
import { EXPERIMENTS } from "./experiment-files.ts";
import { planFor } from "./plan-for.ts";

export const VERIFIED = path.join(EXPERIMENTS, "VERIFIED.md");

/** The runs of a VERIFIED.md; none where there is no file yet. @throws ChaosError usage: it was changed by hand */
export async function readVerified(file: string): Promise<VerifiedRun[]> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  return text === null ? [] : parseVerified(text, path.relative(process.cwd(), file));
}

/** Plans of the catalogue's experiments as they are today. Each file is read once. */
export class Today {
  readonly #experiments = new Map<string, Promise<Experiment | null>>();

  async plan(name: string, seed: string, system: string, image: string): Promise<Plan | null> {
    const known = systems.get(system);
    const experiment = await this.#experiment(name);
    return experiment && known ? (await planFor(experiment, seed, { system: known, image })).plan : null;
  }

  /** Is there still an experiment of that name? */
  async has(name: string): Promise<boolean> {
    return (await this.#experiment(name)) !== null;
  }

  /** Those whose seed would do something else today. Runs of the same plan are asked about once. */
  async stale(runs: readonly VerifiedRun[]): Promise<ReadonlySet<VerifiedRun>> {
    const key = ({ experiment, seed, system, image, plan }: VerifiedRun) =>
      JSON.stringify([experiment, seed, system, image, plan]);
    const alike = [...groupBy(runs, key).values()];
    const stale = await filterAsync(alike, async ([run]) => {
      const today = run && (await this.plan(run.experiment, run.seed, run.system, run.image));
      return !today || planDigest(today) !== run.plan;
    });
    return new Set(stale.flat());
  }

  #experiment(name: string): Promise<Experiment | null> {
    const known = this.#experiments.get(name);
    if (known) return known;
    const file = path.join(EXPERIMENTS, name);
    const inside = file.startsWith(EXPERIMENTS + path.sep);
    const read = async () => (inside && (await notAFile(file)) === undefined ? readExperiment(file, registries) : null);
    const asked = read();
    this.#experiments.set(name, asked);
    return asked;
  }
}
