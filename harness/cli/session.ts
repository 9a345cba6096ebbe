import { randomUUID } from "node:crypto";
import path from "node:path";
import { addTo } from "../base/group-by.ts";
import type { ComposeFile } from "../docker/compose.ts";
import type { Engine } from "../docker/engine.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { hasHidden, withPassword } from "../experiment/secrets.ts";
import { ensureImage } from "../images/ensure-image.ts";
import type { Plan } from "../journal/plan.ts";
import type { RunRecord } from "../journal/record.ts";
import { TOXIPROXY_IMAGE } from "../network/toxiproxy-recipe.ts";
import { fileReporters, liveReporters, renderAll, reporters } from "../report/registry.ts";
import { writeRunIndex } from "../report/runs/run-index.ts";
import { runExperiment } from "../run/run.ts";
import type { RunResult } from "../run/run-options.ts";
import { redis } from "../systems/redis.ts";
import { chooseServer, type ServerChoice, type ServerWish } from "./choose-server.ts";
import { countAgain } from "./earlier-run.ts";
import { EXIT } from "./exit-codes.ts";
import { interruptible } from "./interrupt.ts";
import { invocation } from "./invocation.ts";
import { readyMachine } from "./machine.ts";
import { composeFor, planFor } from "./plan-for.ts";
import { log, logError } from "./print.ts";

/*
 *   interrupt handlers ─► the machine made ready ─► runs, each on a server that is chosen ─► their pages counted again ─► exit code
 */

export interface SessionOptions {
  /** The folder that gets the runs' folders. */
  reports: string;
  /** Leave the clusters running. */
  keep?: boolean | undefined;
  /** Only how each run ended, on stderr. */
  quiet?: boolean | undefined;
  /** Events as NDJSON on stdout. */
  json?: boolean | undefined;
  /** All runs are summed up together: no step summary of each. */
  part?: boolean | undefined;
  /** At the end, however it comes, each page tells how often what it found came back in the other runs. */
  again?: boolean | undefined;
}

interface Planned {
  server: ServerChoice;
  plan: Plan;
  compose: ComposeFile;
  /** What a reader types to see it again, less the server's image. */
  command(name: (file: string) => string, directory: string): string[];
}

/** The runs of one command, on a machine that is ready for them. */
export class Session {
  /** The runs' folders by their experiments' files, oldest first. */
  readonly #directories = new Map<string, string[]>();
  readonly #password = `replay-${randomUUID()}`;
  readonly engine: Engine;
  readonly signal: AbortSignal;
  readonly #options: SessionOptions;

  constructor(engine: Engine, signal: AbortSignal, options: SessionOptions) {
    this.engine = engine;
    this.signal = signal;
    this.#options = options;
  }

  #choose(wish: ServerWish, { systems }: Pick<Experiment, "systems">): Promise<ServerChoice> {
    return chooseServer(this.engine, wish, systems, this.signal);
  }

  /** The server of an earlier run where its journal is there, unless another is wished for. */
  async chooseAgain({ system, image }: ServerWish, plan: Plan, record: RunRecord | undefined): Promise<ServerChoice> {
    const before = record?.first("run");
    const server = await this.#choose(
      { system: system ?? before?.system, image: image ?? before?.image },
      plan.experiment,
    );
    if (hasHidden(plan)) log("the plan hides its passwords: one that is made up is used in place of each");
    return server;
  }

  /** Of what an experiment and a seed make on the server that is wished for. @param verb what a reader types to see it again */
  async runSeed(experiment: Experiment, seed: string, wish: ServerWish, verb?: "run" | "foresee"): Promise<RunResult> {
    return this.runSeedOn(await this.#choose(wish, experiment), experiment, seed, verb);
  }

  async runSeedOn(
    server: ServerChoice,
    experiment: Experiment,
    seed: string,
    verb: "run" | "foresee" = "run",
  ): Promise<RunResult> {
    const { plan, compose } = await planFor(experiment, seed, server);
    const again = ["--image", server.image, "--seed", seed];
    return this.#run({ server, plan, compose, command: (name) => [verb, name(experiment.file), ...again] });
  }

  /**
   * Of a plan as it stands in a run's folder, which may be no longer what an experiment and a seed make: it was edited or
   * shrunk, perhaps. Its passwords are hidden there: one is made up for all of them.
   */
  async runPlan(written: Plan, server: ServerChoice): Promise<RunResult> {
    const compose = await composeFor(written.experiment.cluster, server);
    const opened = hasHidden(written) ? withPassword(written, compose, this.#password) : { plan: written, compose };
    const command: Planned["command"] = (name, directory) => ["replay", name(directory), "--image", server.image];
    return this.#run({ server, ...opened, command });
  }

  /** With live output, and its reports. */
  async #run({ server, plan, compose, command }: Planned): Promise<RunResult> {
    const { engine, signal } = this;
    const { keep = false, quiet = false, json = false, part } = this.#options;
    const reports = path.resolve(this.#options.reports);
    const { words, name } = invocation();
    const live = liveReporters({
      terminal: process.stderr,
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
      system: server.system,
      image: server.image,
      toxiproxyImage: TOXIPROXY_IMAGE,
      benchmarkImage: plan.experiment.benchmarks.length === 0 ? null : await this.#benchmarkImage(),
      reports,
      command: (directory) => ["kvchaos", ...command(shortPath, directory)],
      keep,
      interrupt: signal,
      live,
    });
    const rendered = await renderAll(result.record, result.directory, [...live, ...(part ? fileReporters : reporters)]);
    const failures = [...result.liveFailures, ...rendered];
    await writeRunIndex(reports).catch((error: unknown) => failures.push({ name: "index", error }));
    for (const { name, error } of failures) logError(error, `the reporter "${name}" failed; the verdict stands:`);
    if (result.error !== undefined) logError(result.error);
    addTo(this.#directories, plan.experiment.file, result.directory);
    return result;
  }

  /** redis-benchmark comes with Redis's image, whatever server is under test. */
  async #benchmarkImage(): Promise<string> {
    const name = redis.images[0] as string;
    await ensureImage({ engine: this.engine, name, recipe: redis.recipe, log, signal: this.signal });
    return name;
  }

  async countAgain(): Promise<void> {
    if (this.#options.again) for (const own of this.#directories.values()) await countAgain(own);
  }
}

/** @param body does the runs and says how it went; once the user has interrupted it, that is the exit code */
export function withSession(options: SessionOptions, body: (session: Session) => Promise<number>): Promise<number> {
  return interruptible(async (signal) => {
    const session = new Session(await readyMachine(signal), signal, options);
    try {
      const code = await body(session);
      return signal.aborted ? EXIT.interrupted : code;
    } finally {
      await session.countAgain();
    }
  });
}

/** As a person would type it in the working directory. */
function shortPath(file: string): string {
  const relative = path.relative(process.cwd(), file);
  return relative.startsWith("..") ? file : relative;
}
