import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { registries } from "../experiment/catalogue.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { notAFile } from "../experiment/read/read-text.ts";
import { readExperiment } from "../experiment/read-experiment.ts";
import type { Plan } from "../journal/plan.ts";
import { planDigest } from "../report/verified/plan-digest.ts";
import type { VerifiedRun } from "../report/verified/verified-run.ts";
import { parseVerified } from "../report/verified/verified-table.ts";
import { systems } from "../systems/registry.ts";
import { planFor } from "./plan-for.ts";

export const EXPERIMENTS = fileURLToPath(new URL("../../experiments", import.meta.url));
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
  readonly #stale = new Map<string, Promise<boolean>>();

  async plan(name: string, seed: string, system: string, image: string): Promise<Plan | null> {
    const known = systems.get(system);
    const experiment = await this.#experiment(name);
    return experiment && known ? (await planFor(experiment, seed, { system: known, image })).plan : null;
  }

  /** Is there still an experiment of that name? */
  async has(name: string): Promise<boolean> {
    return (await this.#experiment(name)) !== null;
  }

  /** Would the same seed do something else today? */
  stale({ experiment, seed, system, image, plan }: VerifiedRun): Promise<boolean> {
    const key = JSON.stringify([experiment, seed, system, image, plan]);
    const known = this.#stale.get(key);
    if (known) return known;
    const asked = this.plan(experiment, seed, system, image).then(
      (today) => today === null || planDigest(today) !== plan,
    );
    this.#stale.set(key, asked);
    return asked;
  }

  #experiment(name: string): Promise<Experiment | null> {
    const known = this.#experiments.get(name);
    if (known) return known;
    const file = path.join(EXPERIMENTS, name);
    const inside = file.startsWith(EXPERIMENTS + path.sep);
    const read = (async () =>
      inside && (await notAFile(file)) === undefined ? readExperiment(file, registries) : null)();
    this.#experiments.set(name, read);
    return read;
  }
}
