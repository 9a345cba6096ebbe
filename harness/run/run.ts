import { setMaxListeners } from "node:events";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { ChaosError, messageOf } from "../base/chaos-error.ts";
import { type Clock, monotonicClock } from "../base/clock.ts";
import { sleep } from "../base/deadline.ts";
import { CleanupScope } from "../base/scope.ts";
import { version } from "../base/version.ts";
import { type NamedResult, runChecks } from "../checks/run-checks.ts";
import { verdictOf } from "../checks/verdict.ts";
import { attachReplicas } from "../cluster/attach-replicas.ts";
import type { RunningCluster } from "../cluster/running-cluster.ts";
import { writePlan } from "../experiment/plan-file.ts";
import { secretsOf } from "../experiment/secrets.ts";
import { readRun } from "../history/read-run.ts";
import type { Emit, Phase } from "../journal/events.ts";
import { readRecord } from "../journal/reader.ts";
import { textHider } from "../journal/redact.ts";
import { JournalWriter } from "../journal/writer.ts";
import { preload } from "../load/preload.ts";
import { putBenchmarks } from "./benchmarks.ts";
import { Claims } from "./chaos/claims.ts";
import { Examinations } from "./examinations.ts";
import { hostFacts } from "./host.ts";
import { loadTargets } from "./load-targets.ts";
import { heal } from "./recovery/heal.ts";
import { compareReplicas, readCells, readFinalStates } from "./recovery/quiesce.ts";
import { recover } from "./recovery/recovery.ts";
import type { RunContext } from "./run-context.ts";
import { makeRunFolder } from "./run-folder.ts";
import type { RunOptions, RunResult } from "./run-options.ts";
import { ServerTrouble } from "./server-trouble.ts";
import { ServiceBoard } from "./service-board.ts";
import { type Stage, setStage } from "./stage.ts";
import { attachesLater, putLoad, startCluster } from "./start-parts.ts";

/*
 *   setup → preload → warm-up → chaos → heal → recovery → quiesce → checks → teardown
 *     │        a server ends or hangs before chaos ──────────────────► checks
 *     └──────────── an error ────────────┴────────────────────────────────► teardown (verdict: error)
 *               an interrupt in chaos ──► heal ───────────────────────────► teardown (verdict: interrupted)
 */

const PRELOAD_MS = 120_000;

/** Runs one experiment once. Returns data whatever happens, but for a folder or journal that cannot be written. */
export async function runExperiment(options: RunOptions): Promise<RunResult> {
  const startedAt = new Date();
  const clock = monotonicClock();
  const { plan } = options;
  const { directory, runId } = await makeRunFolder(options.reports, plan.experiment.file, plan.seed, startedAt);
  const secrets = secretsOf(plan, options.compose);
  const journal = JournalWriter.open(path.join(directory, "journal.jsonl"), clock, { redact: secrets });
  for (const reporter of options.live) journal.subscribe((event) => reporter.onEvent?.(event), reporter.name);
  const scope = new CleanupScope();
  const broken = new AbortController();
  const trouble = new AbortController();
  const evidenceSignal = AbortSignal.any([options.interrupt, broken.signal]);
  const signal = AbortSignal.any([evidenceSignal, trouble.signal]);
  // Every wait of a run listens to it: hundreds at once are no leak.
  setMaxListeners(0, signal, evidenceSignal, options.interrupt);
  const context: RunContext = {
    options,
    clock,
    emit: journal.emit,
    directory,
    runId,
    scope,
    resources: new CleanupScope(),
    claims: new Claims(),
    examinations: new Examinations(clock),
    hide: textHider(secrets),
    signal,
    evidenceSignal,
    lost: (error) => broken.abort(error),
    troubled: (error) => trouble.abort(error),
  };
  await writeFile(path.join(directory, "plan.yaml"), writePlan(plan));
  const error = await new Run(context, journal).go(startedAt);
  await journal.close();
  const record = await readRecord(path.join(directory, "journal.jsonl"));
  const last = record.last("verdict");
  return {
    verdict: last?.verdict ?? "error",
    reasons: last?.reasons ?? [],
    findings: record.of("check").flatMap((check) => check.findings),
    directory,
    record,
    error,
    liveFailures: journal.subscriberFailures,
  };
}

class Run {
  readonly #context: RunContext;
  readonly #options: RunOptions;
  readonly #clock: Clock;
  readonly #journal: JournalWriter;
  readonly #emit: Emit;
  readonly #service: ServiceBoard;
  /** From the moment on at which the servers answer. */
  #stage: Stage | null = null;

  constructor(context: RunContext, journal: JournalWriter) {
    this.#context = context;
    this.#options = context.options;
    this.#clock = context.clock;
    this.#emit = context.emit;
    this.#journal = journal;
    this.#service = new ServiceBoard(context.options.plan.experiment.allow);
    journal.subscribe((event) => this.#service.see(event), "what clients see");
  }

  /** Everything from the first event to the last. Returns what broke the run, or undefined. */
  async go(startedAt: Date): Promise<unknown> {
    const { interrupt } = this.#options;
    await this.#begin(startedAt);
    let failure: unknown;
    try {
      await this.#phases().catch((error: unknown) => this.#afterTrouble(error));
    } catch (error) {
      failure = error;
      if (interrupt.aborted)
        this.#emit({ type: "verdict", verdict: "interrupted", reasons: ["interrupted by the user"] });
      else this.#emit({ type: "verdict", verdict: "error", reasons: [describe(error)] });
    }
    await this.#phase("teardown", async () => {
      const { scope, resources } = this.#context;
      const failures = await scope.close();
      if (!this.#options.keep || failure !== undefined) failures.push(...(await resources.close()));
      for (const { what, error } of failures) {
        this.#emit({ type: "note", about: "teardown", text: `could not ${what}: ${messageOf(error)}` });
      }
    });
    return interrupt.aborted ? undefined : failure;
  }

  async #begin(startedAt: Date): Promise<void> {
    const { plan, system, image, engine } = this.#options;
    // A daemon that is gone is the set-up's error to report, with everything else already journaled.
    const digest = await engine.inspectImage(image).then(
      (info) => info?.digest ?? null,
      () => null,
    );
    this.#emit({
      type: "run",
      version: 1,
      kvchaos: version,
      runId: this.#context.runId,
      startedAt: startedAt.toISOString(),
      command: [...this.#options.command(this.#context.directory)],
      title: plan.experiment.title,
      experimentFile: plan.experiment.file,
      issue: plan.experiment.issue,
      why: plan.experiment.why,
      timeToFinding: plan.experiment.timeToFinding,
      seed: plan.seed,
      system: system.name,
      image,
      digest,
      host: hostFacts(engine),
      plan,
    });
  }

  async #phase<T>(phase: Phase, work: () => Promise<T>): Promise<T> {
    this.#emit({ type: "phase", phase, step: "begin" });
    try {
      return await work();
    } finally {
      this.#emit({ type: "phase", phase, step: "end" });
      await this.#journal.flush();
    }
  }

  async #phases(): Promise<void> {
    const { signal } = this.#context;
    const { experiment } = this.#options.plan;
    const cluster = await this.#phase("setup", () =>
      startCluster(this.#context, async (answering) => {
        this.#stage = await setStage(this.#context, answering);
      }),
    );
    const stage = this.#stage as Stage | null;
    if (!stage) throw new ChaosError("internal", "nobody was told that the servers answer");
    if (experiment.preload) await this.#phase("preload", () => this.#preload(cluster));
    const { load, benchmarks } = await this.#phase("warm-up", () => this.#warmUp(stage));

    // Last in, first undone: whatever breaks from here on, the faults are healed before anything is torn down.
    this.#context.scope.defer("heal the faults", () => stage.runner.healAll(), 120_000);
    await this.#phase("chaos", () => this.#chaos(stage));
    const rest = this.#rest(stage);
    await this.#phase("heal", () => heal({ ...rest, reconcile: experiment.reconcile }));
    signal.throwIfAborted();
    const abandoned = rest.abandoned();
    await this.#phase("recovery", () => recover({ ...rest, abandoned, within: experiment.recovery.within }));
    const recovered = this.#clock.now();
    for (const { name } of cluster.nodes) stage.evidence.outlived(stage.watchdog.verdict(name));
    await this.#phase("quiesce", async () => {
      await this.#service.observed(recovered, this.#clock.now, signal);
      await Promise.all([load?.running.stop(), benchmarks.stop()]);
      stage.watchdog.quiesce();
      await readFinalStates({ ...rest, abandoned });
      // Reading whole datasets takes its time: only when somebody asks whether they are equal.
      if (experiment.checks.includes("converges")) await compareReplicas({ ...rest, abandoned });
      if (load) await readCells({ ...rest, ...load, abandoned, directory: this.#context.directory });
      await stage.evidence.settled();
    });
    await stage.watchdog.stop();
    await this.#phase("checks", () => this.#checks(experiment.checks));
  }

  #rest({ cluster, watchdog, board, runner, moves }: Stage) {
    const { signal, claims } = this.#context;
    const abandoned = () => claims.abandoned();
    const isHeld = (node: string) => claims.of(node) !== null;
    const own = { service: this.#service, clock: this.#clock, emit: this.#emit };
    return { cluster, watchdog, board, runner, moves, ...own, abandoned, isHeld, signal };
  }

  async #preload(cluster: RunningCluster): Promise<void> {
    const { plan } = this.#options;
    const { signal } = this.#context;
    if (!plan.experiment.preload) return;
    await preload({
      spec: plan.experiment.preload,
      targets: loadTargets(cluster, "masters"),
      seed: plan.seed,
      emit: this.#emit,
      signal,
      within: PRELOAD_MS,
      password: cluster.password,
      prefix: (node) => cluster.keyTag(node),
    });
    if (attachesLater(plan.experiment)) await attachReplicas(cluster, signal);
  }

  async #warmUp({ cluster, watchdog, evidence }: Stage) {
    // Set-up and preload are no measure of a healthy answer.
    watchdog.measure();
    // Before the first fault: a thread that nobody asks can hang unseen.
    await watchdog.cover();
    const load = await putLoad(this.#context, cluster);
    const benchmarks = await putBenchmarks(this.#context, cluster);
    await sleep(this.#options.plan.experiment.warmUp, this.#context.signal);
    await evidence.baseline();
    watchdog.calibrated();
    return { load, benchmarks };
  }

  /** A server ended or hung before the first fault: what there is is judged. Rejects with any other error. */
  async #afterTrouble(error: unknown): Promise<void> {
    const { signal, evidenceSignal } = this.#context;
    const trouble = signal.reason instanceof ServerTrouble ? signal.reason : error;
    if (!(trouble instanceof ServerTrouble) || evidenceSignal.aborted) throw error;
    this.#emit({ type: "note", about: "run", text: `${trouble.message}: the rest of the run is left out` });
    await this.#stage?.evidence.settled();
    await this.#stage?.watchdog.stop();
    const asked = this.#options.plan.experiment.checks;
    await this.#phase("checks", () => this.#checks([...new Set(["no-crash", "no-hang", ...asked])]));
  }

  /** Faults on their schedules until the time is over, a finding ends it, or the user does. */
  async #chaos({ runner, chaosBegins, chaosIsOver }: Stage): Promise<void> {
    const { plan } = this.#options;
    const firstFinding = new AbortController();
    chaosBegins(() => firstFinding.abort());
    const end = AbortSignal.any([this.#context.signal, firstFinding.signal]);
    const over = new AbortController();
    const chaos = AbortSignal.any([end, over.signal]);
    setMaxListeners(0, chaos);
    const faultsDone = runner.run(this.#clock.now(), chaos);
    await sleep(plan.experiment.duration, end).catch(() => {});
    over.abort(new ChaosError("timeout", "the chaos phase is over"));
    await faultsDone;
    chaosIsOver();
  }

  async #checks(names: readonly string[]): Promise<void> {
    await this.#journal.flush();
    const record = await readRun(this.#context.directory);
    const results: NamedResult[] = runChecks(names, record);
    for (const result of results) this.#emit({ type: "check", ...result });
    this.#emit({ type: "verdict", ...verdictOf(record, results) });
  }
}

function describe(error: unknown): string {
  const hint = error instanceof ChaosError && error.hint ? ` ${error.hint}` : "";
  return `${messageOf(error)}${hint}`;
}
