import path from "node:path";
import type { ComposeFile } from "../docker/compose.ts";
import type { Engine } from "../docker/engine.ts";
import { ensureImage } from "../images/ensure-image.ts";
import type { Plan } from "../journal/plan.ts";
import { TOXIPROXY_IMAGE } from "../network/toxiproxy-recipe.ts";
import { fileReporters, liveReporters, renderAll, reporters } from "../report/registry.ts";
import { writeRunIndex } from "../report/runs/run-index.ts";
import { runExperiment } from "../run/run.ts";
import type { RunResult } from "../run/run-options.ts";
import { redis } from "../systems/redis.ts";
import type { ServerChoice } from "./choose-server.ts";
import { invocation } from "./invocation.ts";
import { log, printError } from "./print.ts";

export interface OnceOptions {
  engine: Engine;
  server: ServerChoice;
  plan: Plan;
  compose: ComposeFile;
  reports: string;
  /** Leave the cluster running. */
  keep?: boolean | undefined;
  signal: AbortSignal;
  /** Only how it ended, on stderr. */
  quiet?: boolean | undefined;
  /** Events as NDJSON on stdout. */
  json?: boolean | undefined;
  /** The plan is not what the experiment file and a seed make: it was edited or shrunk, perhaps, and is replayed from its own file. */
  fromPlan?: boolean | undefined;
  /** One of many that are summed up together: no step summary of its own. */
  part?: boolean | undefined;
}

/** One run with live output, and its reports. */
export async function runOnce(options: OnceOptions): Promise<RunResult> {
  const { engine, server, plan, compose, reports, keep = false, signal } = options;
  const called = invocation();
  const words = (directory: string, name: (file: string) => string): string[] =>
    options.fromPlan
      ? ["replay", name(directory), "--image", server.image]
      : ["run", name(plan.experiment.file), "--image", server.image, "--seed", plan.seed];
  const live = liveReporters({
    terminal: process.stderr,
    again: (directory) => [...called.words, ...words(directory, called.name)],
    name: called.name,
    output: process.stdout,
    quiet: options.quiet ?? false,
    json: options.json ?? false,
  });
  const result = await runExperiment({
    plan,
    compose,
    engine,
    system: server.system,
    image: server.image,
    toxiproxyImage: TOXIPROXY_IMAGE,
    benchmarkImage: await benchmarkImage(engine, plan, signal),
    reports,
    command: (directory) => ["kvchaos", ...words(directory, shortPath)],
    keep,
    interrupt: signal,
    live,
  });
  const failures = [
    ...result.liveFailures,
    ...(await renderAll(result.record, result.directory, [...live, ...(options.part ? fileReporters : reporters)])),
  ];
  await writeRunIndex(reports).catch((error: unknown) => failures.push({ name: "index", error }));
  for (const { name, error } of failures) {
    log(`the reporter "${name}" failed; the verdict stands:`);
    printError(error);
  }
  if (result.error !== undefined) printError(result.error);
  return result;
}

/** redis-benchmark comes with Redis's image, whatever server is under test. */
async function benchmarkImage(engine: Engine, plan: Plan, signal: AbortSignal): Promise<string | null> {
  if (plan.experiment.benchmarks.length === 0) return null;
  const name = redis.images[0] as string;
  await ensureImage({ engine, name, recipe: redis.recipe, log, signal });
  return name;
}

/** As a person would type it in the working directory. */
function shortPath(file: string): string {
  const relative = path.relative(process.cwd(), file);
  return relative.startsWith("..") ? file : relative;
}
