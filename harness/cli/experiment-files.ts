import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { ChaosError } from "../base/chaos-error.ts";
import { registries } from "../experiment/catalogue.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { isExperimentName } from "../experiment/known-bugs.ts";
import { readExperiment } from "../experiment/read-experiment.ts";
import type { ExperimentShape, Registries } from "../experiment/registries.ts";

/** The catalogue's folder. */
export const EXPERIMENTS = fileURLToPath(new URL("../../experiments", import.meta.url));

/** Files as they are; folders as the experiment files in and below them, in name order. */
export async function experimentFiles(paths: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const given of paths) {
    const info = await stat(given).catch(() => null);
    if (!info?.isDirectory()) {
      // A file that is missing is the loader's to report, with its own hint.
      files.push(given);
      continue;
    }
    const found = (await readdir(given, { recursive: true })).filter(isExperimentName).sort();
    if (found.length === 0) throw new ChaosError("usage", `${given}: no experiment (*.yaml) in this folder`);
    files.push(...found.map((name) => path.join(given, name)));
  }
  return files;
}

/** Reads all of them, or throws what is wrong with the first that is broken. A Compose file that several name is read once. */
export async function readExperiments(files: readonly string[]): Promise<Experiment[]> {
  const shapes = new Map<string, Promise<ExperimentShape>>();
  const readShape: Registries["readShape"] = (cluster) => {
    const key = JSON.stringify(cluster);
    const shape = shapes.get(key) ?? registries.readShape(cluster);
    shapes.set(key, shape);
    return shape;
  };
  const experiments: Experiment[] = [];
  for (const file of files) experiments.push(await readExperiment(file, { ...registries, readShape }));
  return experiments;
}
