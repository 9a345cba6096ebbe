import path from "node:path";
import { setFlagsFromString } from "node:v8";
import { shapeOf } from "../cluster/shape.ts";
import type { Engine } from "../docker/engine.ts";
import { registries } from "../experiment/catalogue.ts";
import { hasHidden, withPassword } from "../experiment/secrets.ts";
import { checkVias } from "../experiment/vias.ts";
import type { JournalEvent } from "../journal/events.ts";
import type { Plan, SystemName } from "../journal/plan.ts";
import { TOXIPROXY_IMAGE } from "../network/toxiproxy-recipe.ts";
import { fileReporters, liveReporters, ownReporters, renderAll, reporters } from "../report/registry.ts";
import type { TerminalStream } from "../report/terminal/terminal.ts";
import type { AttachedServers } from "../run/attached/attached-servers.ts";
import { runExperiment } from "../run/run.ts";
import type { RunResult } from "../run/run-options.ts";
import type { WarmCluster } from "../run/warm/warm-cluster.ts";
import { systemIn } from "../systems/system-of-image.ts";
import { knownSystem } from "./choose-server.ts";
import { bringHelperImages } from "./helper-images.ts";
import type { Invocation } from "./invocation.ts";
import { composeFor } from "./plan-for.ts";
import { logError } from "./print.ts";

// A run does few things ten thousand times: code is optimized fifteen times later than V8 would, which saves half of the work of its threads.
setFlagsFromString("--interrupt-budget=1000000");

/** One run as data: it may be done by another process. */
export interface RunRequest {
  /** Its passwords are hidden where it comes from a run's folder. */
  plan: Plan;
  /** In place of each that is hidden. */
  password: string;
  system: SystemName;
  image: string;
  /** Has redis-benchmark; null: the plan needs none. */
  benchmarkImage: string | null;
  /** The folder that gets the run's folder (absolute). */
  reports: string;
  /** What a reader types to see it again; `target` null: the run's folder. */
  again: { verb: "run" | "foresee" | "replay"; target: string | null; rest: readonly string[] };
  keep: boolean;
  /** All runs are summed up together: no step summary of each. */
  part: boolean;
  /** Nobody reads its pages: neither of a run among hundreds that found nothing, nor of one that is only counted. */
  pages: "always" | "of a finding" | "never";
  /** Its process and its cluster may serve other runs: those for the same ground first. null: both are its own. */
  warm: string | null;
}

export interface Around {
  engine: Engine;
  invocation: Invocation;
  interrupt: AbortSignal;
  /** Where people look. */
  terminal: TerminalStream;
  /** Only how it ended. */
  quiet: boolean;
  /** Events as NDJSON on stdout. */
  json?: boolean;
  onEvent?(event: JournalEvent): void;
  /** Runs beside this one, at this moment. */
  others?(): number;
  warm?: WarmCluster | undefined;
  /** Servers that are there: none is started. */
  attached?: AttachedServers | undefined;
}

/** Does a run in this process, and renders its reports. Says what failed of them; the verdict stands. */
export async function runHere(
  request: RunRequest,
  {
    engine,
    invocation: { words, name },
    interrupt,
    terminal,
    quiet,
    json = false,
    onEvent,
    others,
    warm,
    attached,
  }: Around,
): Promise<RunResult> {
  const { plan: written, password, image, system: systemName, benchmarkImage, reports, again, keep, part } = request;
  const system = systemIn(image, knownSystem(systemName));
  const declared = await composeFor(written.experiment.cluster, { image, system });
  checkVias(written, shapeOf(declared), registries.faults);
  await bringHelperImages(engine, declared, system, interrupt);
  const { plan, compose } = hasHidden(written)
    ? withPassword(written, declared, password)
    : { plan: written, compose: declared };
  const command = (called: (file: string) => string, directory: string) => [
    again.verb,
    called(again.target ?? directory),
    ...again.rest,
  ];
  const live = liveReporters({
    terminal,
    again: (directory) => [...words, ...command(name, directory)],
    name,
    output: process.stdout,
    quiet,
    json,
  });
  const result = await runExperiment({
    plan,
    compose,
    engine,
    system,
    image,
    toxiproxyImage: TOXIPROXY_IMAGE,
    benchmarkImage,
    reports,
    command: (directory) => ["kvchaos", ...command(shortPath, directory)],
    keep,
    interrupt,
    live: [...live, ...ownReporters, ...(onEvent ? [{ name: "who watches", onEvent }] : [])],
    others,
    warm,
    attached,
  });
  const { pages: wanted } = request;
  const isRead = wanted === "always" || (wanted === "of a finding" && result.findings.length > 0);
  const pages = !isRead ? [] : part ? fileReporters : reporters;
  const rendered = await renderAll(result.record, result.directory, [...live, ...pages]);
  for (const { name: failed, error } of [...result.liveFailures, ...rendered]) {
    logError(error, `the reporter "${failed}" failed; the verdict stands:`);
  }
  if (result.error !== undefined) logError(result.error);
  return result;
}

/** As a person would type it in the working directory. */
function shortPath(file: string): string {
  const relative = path.relative(process.cwd(), file);
  return relative.startsWith("..") ? file : relative;
}
