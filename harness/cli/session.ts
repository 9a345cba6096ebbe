import { randomUUID } from "node:crypto";
import { setMaxListeners } from "node:events";
import path from "node:path";
import { addTo } from "../base/group-by.ts";
import { counted } from "../base/units.ts";
import type { Engine } from "../docker/engine.ts";
import { registries } from "../experiment/catalogue.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { imagesOfFaults, nodeImages } from "../experiment/node-images.ts";
import { hasHidden } from "../experiment/secrets.ts";
import { ensureImage } from "../images/ensure-image.ts";
import type { JournalEvent } from "../journal/events.ts";
import type { Plan } from "../journal/plan.ts";
import type { RunRecord } from "../journal/record.ts";
import { ndjsonReporter } from "../report/ci/ndjson.ts";
import type { Reporter } from "../report/reporter.ts";
import { writeRunIndex } from "../report/runs/run-index.ts";
import { needsOf, placesFor } from "../run/needs.ts";
import type { RunResult } from "../run/run-options.ts";
import { type Needs, SideBySide } from "../run/side-by-side.ts";
import { redis } from "../systems/redis.ts";
import { systemOfImage } from "../systems/system-of-image.ts";
import { Board, nameOf } from "./beside/board.ts";
import type { RunEnd } from "./beside/messages.ts";
import { type RunAside, RunProcesses } from "./beside/run-process.ts";
import { isSpoilt } from "./beside/spoilt.ts";
import {
  bringImages,
  checkNodeImages,
  chooseServer,
  imageWords,
  ownImage,
  type ServerChoice,
  type ServerWish,
} from "./choose-server.ts";
import { countAgain, recordIn } from "./earlier-run.ts";
import { EXIT } from "./exit-codes.ts";
import { interruptible } from "./interrupt.ts";
import { invocation } from "./invocation.ts";
import { readyMachine } from "./machine.ts";
import type { Observers } from "./observe/observers.ts";
import { composeFor, planFor, planOn } from "./plan-for.ts";
import { log, logError } from "./print.ts";
import type { Jobs } from "./read-limits.ts";
import { type RunRequest, runHere } from "./run-here.ts";

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
  /** Runs at the same time, default 1. */
  jobs?: Jobs | undefined;
  /** At the end, however it comes, each page tells how often what it found came back in the other runs. */
  again?: boolean | undefined;
  /** Nobody reads how each of very many runs ended, and none is done once more: who runs them judges each by itself. */
  unattended?: boolean | undefined;
  observers?: Observers | undefined;
}

interface How {
  /** What a reader types to see it again. */
  verb?: "run" | "foresee";
  /** Fires when nobody asks for its result any more. */
  unneeded?: AbortSignal | undefined;
  /** Its process and cluster serve other runs, too, as far as a cluster can be proven clean. */
  warm?: boolean;
  /** Default: always. */
  pages?: RunRequest["pages"];
}

/** What of an experiment, or of a plan, a server is chosen for. */
type ChosenFor = Pick<Experiment, "systems" | "images" | "file" | "cluster"> & {
  faults: Experiment["faults"] | Plan["faults"];
};

interface Planned extends Pick<RunRequest, "plan" | "again"> {
  server: ServerChoice;
}

export interface EndedRun extends Omit<RunEnd, "starved"> {
  /** Its cluster may serve another run. */
  warm: boolean;
  /** ms, from its turn on. */
  took: number;
  record(): Promise<RunRecord>;
  /** The same beside others, which does not count. */
  spoilt: EndedRun | null;
}

/** The runs of one command, on a machine that is ready for them. */
export class Session {
  /** The runs' folders by their experiments' files, oldest first. */
  readonly #directories = new Map<string, string[]>();
  readonly #password = `replay-${randomUUID()}`;
  readonly engine: Engine;
  readonly signal: AbortSignal;
  readonly #options: SessionOptions;
  readonly #beside: SideBySide;
  readonly #board: Board;
  readonly #events: Reporter | null;
  readonly #processes = new RunProcesses();
  #chosen: Promise<unknown> = Promise.resolve();

  constructor(engine: Engine, signal: AbortSignal, options: SessionOptions) {
    this.engine = engine;
    this.signal = signal;
    this.#options = options;
    this.#beside = new SideBySide(placesFor(options.jobs ?? 1));
    this.#board = new Board(options.quiet === true || options.json === true);
    this.#events = options.json && this.jobs > 1 ? ndjsonReporter(process.stdout) : null;
    setMaxListeners(0, signal);
  }

  /** Runs that can go on at the same time. */
  get jobs(): number {
    return this.#beside.jobs;
  }

  /** One after the other: an image that is missing is brought once. */
  #choose(wish: ServerWish, experiment: ChosenFor): Promise<ServerChoice> {
    const choice = this.#chosen.then(() => this.#chooseAll(wish, experiment));
    this.#chosen = choice.catch(() => {});
    return choice;
  }

  async #chooseAll({ system, image, nodes = {} }: ServerWish, experiment: ChosenFor): Promise<ServerChoice> {
    const { systems, images, file, cluster, faults } = experiment;
    const own = image ?? ownImage(images);
    const fits = own !== undefined && (image !== undefined || system === undefined || systemOfImage(own) === system);
    const wish = { system, image: fits ? own : image, nodes };
    const server = await chooseServer(this.engine, wish, systems, this.signal);
    checkNodeImages(nodes, await registries.readShape(cluster), server.system);
    const others = [...Object.values(nodes), ...Object.values(images.nodes ?? {}), ...imagesOfFaults(faults)];
    await bringImages(this.engine, server, { images: others, file }, this.signal);
    return server;
  }

  /** The server for experiments that nobody has written yet. */
  async server(wish: ServerWish, systems: Experiment["systems"]): Promise<ServerChoice> {
    return chooseServer(this.engine, wish, systems, this.signal);
  }

  /** The server of an earlier run where its journal is there, unless another is wished for. */
  async chooseAgain({ system, image, nodes }: ServerWish, plan: Plan, record?: RunRecord): Promise<ServerChoice> {
    const before = record?.first("run");
    const wish = {
      system: system ?? before?.system,
      image: image ?? before?.image,
      nodes: nodeImages(await registries.readShape(plan.experiment.cluster), plan.experiment.images.nodes, nodes),
    };
    const server = await this.#choose(wish, { ...plan.experiment, faults: plan.faults });
    if (hasHidden(plan)) log("the plan hides its passwords: one that is made up is used in place of each");
    return server;
  }

  /** Of what an experiment and a seed make on the server that is wished for. */
  async runSeed(experiment: Experiment, seed: string, wish: ServerWish, how: How = {}): Promise<EndedRun> {
    return this.runSeedOn(await this.#choose(wish, experiment), experiment, seed, how);
  }

  async runSeedOn(
    server: ServerChoice,
    experiment: Experiment,
    seed: string,
    { verb = "run", ...how }: How = {},
  ): Promise<EndedRun> {
    const { plan } = await planFor(experiment, seed, server);
    const rest = [...imageWords(server), "--seed", seed];
    return this.#run({ server, plan, again: { verb, target: experiment.file, rest } }, how);
  }

  /**
   * Of a plan as it stands in a run's folder, which may be no longer what an experiment and a seed make: it was edited or
   * shrunk, perhaps. Its passwords are hidden there: one is made up for all of them.
   */
  async runPlan(plan: Plan, server: ServerChoice, how: How = {}): Promise<EndedRun> {
    const again = { verb: "replay", target: null, rest: ["--image", server.image] } as const;
    return this.#run({ server, plan: await planOn(plan, server), again }, how);
  }

  /** With live output, and its reports. What the machine spoilt that others shared with it is done once more, alone. */
  async #run({ server, plan, again }: Planned, { unneeded, warm = false, pages = "always" }: How): Promise<EndedRun> {
    const { keep = false, part = false } = this.#options;
    const request: RunRequest = {
      plan,
      again,
      password: this.#password,
      system: server.system.name,
      image: server.image,
      benchmarkImage: plan.experiment.benchmarks.length === 0 ? null : await this.#benchmarkImage(),
      reports: path.resolve(this.#options.reports),
      keep,
      part,
      pages,
      warm: warm ? JSON.stringify([plan.experiment.cluster, plan.experiment.config, plan.experiment.fullSync]) : null,
    };
    const { unattended = false } = this.#options;
    if (this.jobs === 1 && !unattended) return this.#ended(await this.#onItsOwn(request), request, null);
    const interrupt = unneeded ? AbortSignal.any([this.signal, unneeded]) : this.signal;
    const needs = needsOf(plan, await composeFor(plan.experiment.cluster, server));
    const { run, most } = await this.#aside(request, needs, interrupt);
    if (most === 0 || unattended || interrupt.aborted || !isSpoilt(run)) return this.#ended(run, request, null);
    const spoilt = await this.#ended(run, request, null);
    log(
      `${nameOf(request)}: ${run.verdict} beside ${counted(most, "other run")}, which may be their doing: once more, alone`,
    );
    return this.#ended((await this.#aside(request, { ...needs, alone: true }, interrupt)).run, request, spoilt);
  }

  async #onItsOwn(request: RunRequest): Promise<RunResult> {
    const { engine, signal } = this;
    const { quiet = false, json = false } = this.#options;
    const observe = this.#options.observers?.run();
    const around = { engine, invocation: invocation(), interrupt: signal, terminal: process.stderr, quiet, json };
    try {
      return await runHere(request, { ...around, ...(observe && { onEvent: observe.onEvent }) });
    } finally {
      observe?.end();
    }
  }

  #aside(request: RunRequest, needs: Needs, interrupt: AbortSignal) {
    return this.#beside.run(needs, interrupt, async (place) => {
      const row = this.#board.begin(nameOf(request));
      const observe = this.#options.observers?.run();
      let runId = "";
      const onEvent = (event: JournalEvent): void => {
        if (event.type === "run") runId = event.runId;
        observe?.onEvent(event);
        row.onEvent(event);
        // Lines of several runs are mixed: each says whose it is.
        const told = { ...event, runId };
        this.#events?.onEvent?.(told);
      };
      const began = performance.now();
      try {
        const run = await this.#processes.run(request, { place, interrupt, onEvent });
        if (!this.#options.unattended) row.end(run.said, place.most);
        return { run: { ...run, took: performance.now() - began }, most: place.most };
      } finally {
        observe?.end();
        row.leave();
      }
    });
  }

  async #ended(
    run: (RunAside & { took: number }) | RunResult,
    { plan, reports }: RunRequest,
    spoilt: EndedRun | null,
  ): Promise<EndedRun> {
    if (!this.#options.unattended)
      await writeRunIndex(reports).catch((error: unknown) => logError(error, "the list of runs could not be written:"));
    addTo(this.#directories, plan.experiment.file, run.directory);
    const { verdict, reasons, findings, directory } = run;
    const record = async () => ("record" in run ? run.record : recordIn(directory));
    const aside =
      "took" in run
        ? { warm: run.warm, took: run.took }
        : { warm: false, took: run.record.of("verdict").at(-1)?.t ?? 0 };
    return { verdict, reasons, findings, directory, spoilt, record, ...aside };
  }

  /** redis-benchmark comes with Redis's image, whatever server is under test. */
  async #benchmarkImage(): Promise<string> {
    const name = redis.images[0] as string;
    await ensureImage({ engine: this.engine, name, recipe: redis.recipe, log, signal: this.signal });
    return name;
  }

  async end(): Promise<void> {
    await this.#processes.close();
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
      await session.end();
    }
  });
}
