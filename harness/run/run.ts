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
import { ownerLabels } from "../docker/leftovers.ts";
import { writePlan } from "../experiment/plan-file.ts";
import { secretsOf } from "../experiment/secrets.ts";
import { faults } from "../faults/registry.ts";
import { loadRun } from "../history/load-run.ts";
import type { Emit, Phase } from "../journal/events.ts";
import { loadRecord } from "../journal/reader.ts";
import { textHider } from "../journal/redact.ts";
import { JournalWriter } from "../journal/writer.ts";
import { preload } from "../load/preload.ts";
import { putBenchmarks } from "./benchmarks.ts";
import { Claims } from "./claims.ts";
import { coreCollector } from "./core-evidence.ts";
import { EvidenceCollector } from "./evidence.ts";
import { Examinations } from "./examinations.ts";
import { FaultRunner } from "./fault-runner.ts";
import { FirstFinding } from "./first-finding.ts";
import { hostFacts } from "./host.ts";
import { loadTargets } from "./load-targets.ts";
import { compareReplicas, readCells, readFinalStates } from "./quiesce.ts";
import { reconcile, recover } from "./recovery.ts";
import type { RunContext } from "./run-context.ts";
import { makeRunFolder } from "./run-folder.ts";
import type { RunOptions, RunResult } from "./run-options.ts";
import { attachesLater, putLoad, startCluster, watch } from "./start-parts.ts";
import { StateBoard } from "./state-board.ts";
import { TriggerSource } from "./triggers.ts";

/*
 *   setup → preload → warm-up → chaos → heal → recovery → quiesce → checks → teardown
 *     └──────────── an error ────────────┴────────────────────────────────► teardown (verdict: error)
 *               an interrupt in chaos ──► heal ───────────────────────────► teardown (verdict: interrupted)
 */

const PRELOAD_MS = 120_000;
/** How many times hangAfter an unproved hang may last before `stop-on: first-finding` calls it one. */
const PATIENCE = 3;

/** Runs one experiment once. Returns data whatever happens, but for a folder or journal that cannot be written. */
export async function runExperiment(options: RunOptions): Promise<RunResult> {
  const startedAt = new Date();
  const clock = monotonicClock();
  const { plan } = options;
  const { directory, runId } = await makeRunFolder(options.reports, plan.experiment.file, plan.seed, startedAt);
  const secrets = secretsOf(plan, options.compose);
  const journal = JournalWriter.open(path.join(directory, "journal.jsonl"), clock, { redact: secrets });
  journal.subscribe(options.onEvent, "live reporters");
  const scope = new CleanupScope();
  const broken = new AbortController();
  const signal = AbortSignal.any([options.interrupt, broken.signal]);
  // Every wait of a run listens to it: hundreds at once are no leak.
  setMaxListeners(0, signal, options.interrupt);
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
    lost: (error) => broken.abort(error),
  };
  await writeFile(path.join(directory, "plan.yaml"), writePlan(plan));
  const error = await new Run(context, journal).go(startedAt);
  await journal.close();
  const record = await loadRecord(path.join(directory, "journal.jsonl"));
  const last = record.last("verdict");
  return {
    verdict: last?.verdict ?? "error",
    reasons: last?.reasons ?? [],
    findings: record.of("check").flatMap((check) => check.findings),
    directory,
    record,
    error,
  };
}

class Run {
  readonly #context: RunContext;
  readonly #options: RunOptions;
  readonly #clock: Clock;
  readonly #journal: JournalWriter;
  readonly #emit: Emit;

  constructor(context: RunContext, journal: JournalWriter) {
    this.#context = context;
    this.#options = context.options;
    this.#clock = context.clock;
    this.#emit = context.emit;
    this.#journal = journal;
  }

  /** Everything from the first event to the last. Returns what broke the run, or undefined. */
  async go(startedAt: Date): Promise<unknown> {
    const { interrupt } = this.#options;
    await this.#begin(startedAt);
    let failure: unknown;
    try {
      await this.#phases();
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
    const { plan } = this.#options;
    const { signal } = this.#context;
    const { experiment } = plan;
    const cluster = await this.#phase("setup", () => startCluster(this.#context));
    if (experiment.preload) {
      const spec = experiment.preload;
      await this.#phase("preload", async () => {
        await preload({
          spec,
          targets: loadTargets(cluster, "masters"),
          seed: plan.seed,
          emit: this.#emit,
          signal,
          within: PRELOAD_MS,
          password: cluster.password,
          prefix: (node) => cluster.keyTag(node),
        });
        if (attachesLater(experiment)) await attachReplicas(cluster, signal);
      });
    }
    const board = new StateBoard(this.#clock);
    const triggers = new TriggerSource(cluster);
    const { engine, image } = this.#options;
    const labels = await ownerLabels(this.#context.runId);
    const stopChaos = new AbortController();
    const { hangAfter, hangLimit } = experiment.watchdog;
    const first =
      experiment.stopOn === "first-finding"
        ? new FirstFinding(hangLimit ?? PATIENCE * hangAfter, () => stopChaos.abort())
        : null;
    if (first) this.#context.scope.defer("stop waiting for a finding", async () => first.close());
    const evidence = new EvidenceCollector({
      hide: this.#context.hide,
      onStopped: (node) => this.#context.examinations.begin(node),
      cluster,
      directory: this.#context.directory,
      clock: this.#clock,
      emit: this.#emit,
      signal,
      onProof: () => first?.proved(),
      cutBy: (link) => runner.holding(link),
      cores: experiment.cores ? coreCollector(this.#context) : null,
      sidecar: (container) => ({ engine, container, image, labels, processName: cluster.system.processName }),
    });
    const runner = new FaultRunner({
      planned: plan.faults,
      registry: faults,
      cluster,
      claims: this.#context.claims,
      triggers,
      clock: this.#clock,
      emit: this.#emit,
      beforeHeal: () => evidence.settled(),
      capture: (node, reason) => evidence.capture(node, reason),
    });
    const { watchdog, load, benchmarks } = await this.#phase("warm-up", async () => {
      const watchdog = await watch(this.#context, cluster, {
        onCondition: (verdict) => {
          evidence.consider(verdict);
          first?.condition(verdict);
        },
        onState: (node, state) => {
          board.add(node, state);
          triggers.state(node, state);
        },
      });
      // Before the first fault: a thread that nobody asks can hang unseen.
      await watchdog.cover();
      const load = await putLoad(this.#context, cluster);
      const benchmarks = await putBenchmarks(this.#context, cluster);
      await sleep(experiment.warmUp, signal);
      await evidence.baseline();
      watchdog.calibrated();
      return { watchdog, load, benchmarks };
    });

    // Last in, first undone: whatever breaks from here on, the faults are healed before anything is torn down.
    this.#context.scope.defer("heal the faults", () => runner.healAll(), 120_000);
    await this.#phase("chaos", () => this.#chaos(runner, stopChaos.signal));
    first?.close();
    const abandoned = this.#context.claims.abandoned();
    await this.#phase("heal", async () => {
      await runner.healAll();
      await reconcile({ cluster, watchdog, emit: this.#emit, abandoned });
    });
    signal.throwIfAborted();
    const rest = { cluster, watchdog, board, clock: this.#clock, emit: this.#emit, abandoned, signal };
    await this.#phase("recovery", () => recover({ ...rest, within: experiment.recovery.within }));
    for (const { name } of cluster.nodes) evidence.outlived(watchdog.verdict(name));
    await this.#phase("quiesce", async () => {
      await Promise.all([load?.running.stop(), benchmarks.stop()]);
      watchdog.quiesce();
      await readFinalStates(rest);
      // Reading whole datasets takes its time: only when somebody asks whether they are equal.
      if (experiment.checks.includes("converges")) await compareReplicas(rest);
      if (load) await readCells({ ...rest, ...load, directory: this.#context.directory });
      await evidence.settled();
    });
    await watchdog.stop();
    await this.#phase("checks", () => this.#checks());
  }

  /** Faults on their schedules until the time is over, a finding ends it, or the user does. */
  async #chaos(runner: FaultRunner, firstFinding: AbortSignal): Promise<void> {
    const { plan } = this.#options;
    const end = AbortSignal.any([this.#context.signal, firstFinding]);
    const over = new AbortController();
    const chaos = AbortSignal.any([end, over.signal]);
    setMaxListeners(0, chaos);
    const faultsDone = runner.run(this.#clock.now(), chaos);
    await sleep(plan.experiment.duration, end).catch(() => {});
    over.abort(new ChaosError("timeout", "the chaos phase is over"));
    await faultsDone;
  }

  async #checks(): Promise<void> {
    const { plan } = this.#options;
    await this.#journal.flush();
    const record = await loadRun(this.#context.directory);
    const results: NamedResult[] = runChecks(plan.experiment.checks, record);
    for (const result of results) this.#emit({ type: "check", ...result });
    this.#emit({ type: "verdict", ...verdictOf(record, results) });
  }
}

function describe(error: unknown): string {
  const hint = error instanceof ChaosError && error.hint ? ` ${error.hint}` : "";
  return `${messageOf(error)}${hint}`;
}
