import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parse } from "yaml";
import { ChaosError } from "../base/chaos-error.ts";
import { registries } from "../experiment/catalogue.ts";
import { readText } from "../experiment/read/read-text.ts";
import { readExperimentText } from "../experiment/read-experiment.ts";
import { hiddenPlan } from "../experiment/secrets.ts";
import type { Plan } from "../journal/plan.ts";
import type { Document } from "../run/shrink/document.ts";
import type { ServerChoice } from "./choose-server.ts";
import { planFor } from "./plan-for.ts";

/** What a run does not depend on. */
const FOR_READERS = ["description", "why", "tags", "time-to-finding", "expect"];

/** The experiment of an earlier run as a document of which anything can be taken out, and what it is relative to. */
export interface EarlierExperiment {
  file: string;
  document: Document;
  /** With the passwords that the run's folder hides. */
  plan: Plan;
}

/**
 * Reads again what an earlier run was made from, every fault with its id and the Compose file by its whole path.
 * @throws ChaosError `usage` when the file gives another plan today
 */
export async function earlierExperiment(file: string, plan: Plan, server: ServerChoice): Promise<EarlierExperiment> {
  const text = await readText(file);
  const experiment = await readExperimentText(text, file, registries);
  const { plan: now } = await planFor(experiment, plan.seed, server);
  if (!isDeepStrictEqual(comparable(now), comparable(plan))) {
    throw new ChaosError("usage", `${file} with seed ${plan.seed} no longer makes the plan of that run`, {
      hint: "The experiment was changed, or the plan was edited. Run the experiment again and shrink that run, or name the file as it was with --experiment.",
    });
  }
  const raw: Record<string, unknown> = parse(text);
  for (const key of FOR_READERS) delete raw[key];
  const faults = Array.isArray(raw.faults)
    ? raw.faults.map((fault, i) => ({ id: experiment.faults[i]?.id, ...fault }))
    : undefined;
  const cluster = typeof raw.cluster === "string" ? experiment.cluster : raw.cluster;
  return { file, document: { ...raw, cluster, ...(faults && { faults }), "stop-on": "first-finding" }, plan: now };
}

/** The plan of a document; null: it is no experiment. */
export async function planOfDocument(
  text: string,
  file: string,
  seed: string,
  server: ServerChoice,
): Promise<Plan | null> {
  try {
    return (await planFor(await readExperimentText(text, file, registries), seed, server)).plan;
  } catch (error) {
    if (error instanceof ChaosError && error.code === "invalid-experiment") return null;
    throw error;
  }
}

/** Wherever the file is, and with its passwords hidden as a run's folder has them. */
function comparable(plan: Plan): unknown {
  const { experiment, ...rest } = hiddenPlan(plan);
  const { cluster } = experiment;
  const named = typeof cluster === "string" ? path.basename(cluster) : cluster;
  return { ...rest, experiment: { ...experiment, file: "", cluster: named } };
}
