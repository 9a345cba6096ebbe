import { mkdir, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { ChaosError, messageOf } from "../base/chaos-error.ts";
import { MADE_FILE } from "../cluster/topology/compose-of.ts";
import { composeText } from "../cluster/topology/compose-text.ts";
import { writePlan } from "../experiment/plan-file.ts";
import { hiddenPlan } from "../experiment/secrets.ts";
import type { RunOptions } from "./run-options.ts";

/** `reports/<time>-<experiment>-<seed>/`, new and empty. The name is also the run's id. */
export async function makeRunFolder(
  reports: string,
  experimentFile: string,
  seed: string,
  startedAt: Date,
): Promise<{ directory: string; runId: string }> {
  const time = startedAt.toISOString().slice(0, 19).replace(/[-:]/g, "").replace("T", "-");
  const name = path.basename(experimentFile).replace(/\.ya?ml$/, "");
  const base = `${time}-${slug(name)}-${slug(seed)}`;
  try {
    await makeFolders(path.resolve(reports));
    for (let n = 1; ; n++) {
      const runId = n === 1 ? base : `${base}-${n}`;
      const directory = path.resolve(reports, runId);
      try {
        await mkdir(directory);
        return { directory, runId };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
    }
  } catch (error) {
    throw new ChaosError("infrastructure", `cannot make a folder for the run in ${reports}: ${messageOf(error)}`, {
      hint: "Choose another place with --reports DIR.",
      cause: error,
    });
  }
}

/** What replays the run, and the Compose file of a cluster that the experiment names none for. */
export async function writePlanFiles(
  directory: string,
  { plan, system, image }: Pick<RunOptions, "plan" | "system" | "image">,
): Promise<void> {
  await writeFile(path.join(directory, "plan.yaml"), writePlan(plan));
  const { cluster } = hiddenPlan(plan).experiment;
  if (typeof cluster === "string") return;
  await writeFile(path.join(directory, MADE_FILE), composeText(cluster, { image, port: system.port }));
}

/** One folder after the other: Node's `recursive` never ends where the kernel says ENOENT although the parent is there (/proc). */
async function makeFolders(directory: string): Promise<void> {
  const missing: string[] = [];
  for (let at = directory; ; at = path.dirname(at)) {
    const info = await stat(at).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
    });
    if (info && !info.isDirectory()) throw new ChaosError("infrastructure", `${at} is not a folder`);
    if (info) break;
    missing.unshift(at);
  }
  for (const one of missing) {
    await mkdir(one).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error; // Another run made it meanwhile.
    });
  }
}

function slug(text: string): string {
  return text.replace(/[^A-Za-z0-9_.]+/g, "-").slice(0, 60) || "run";
}
