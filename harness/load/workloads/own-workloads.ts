import { pathToFileURL } from "node:url";
import { CONFIG_VARIABLE } from "./config-variable.ts";
import { addWorkload } from "./registry.ts";
import type { Workload } from "./workload.ts";

/** In a load thread: the user's own workloads, which the main thread has found to be right. */
export async function loadOwnWorkloads(): Promise<void> {
  const file = process.env[CONFIG_VARIABLE];
  if (!file) return;
  const { default: config } = (await import(pathToFileURL(file).href)) as {
    default: { workloads?: readonly Workload[] };
  };
  for (const workload of config.workloads ?? []) addWorkload(workload);
}
