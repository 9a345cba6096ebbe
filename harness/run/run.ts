import { setMaxListeners } from "node:events";
import path from "node:path";
import { ChaosError, messageOf } from "../base/chaos-error.ts";
import { monotonicClock } from "../base/clock.ts";
import { sleep } from "../base/deadline.ts";
import { version } from "../base/version.ts";
import { runChecks } from "../checks/run-checks.ts";
import { verdictOf } from "../checks/verdict.ts";
import { attachReplicas } from "../cluster/attach-replicas.ts";
import { secretsOf } from "../experiment/secrets.ts";
import { readRun } from "../history/read-history.ts";
import type { Phase } from "../journal/events.ts";
import type { PreloadSpec } from "../journal/plan.ts";
import { readRecord } from "../journal/reader.ts";
import { textHider } from "../journal/redact.ts";
import { JournalWriter } from "../journal/writer.ts";
import { slotsOfPreload } from "../load/in-slots.ts";
import { preload } from "../load/preload.ts";
import { checkCommands } from "./commands-check.ts";
import { hostFacts } from "./host.ts";
import { LimitWatch } from "./limit-watch.ts";
import { loadTargets } from "./load-targets.ts";
import { makeContext } from "./make-context.ts";
import type { Aftermath } from "./recovery/aftermath.ts";
import { heal } from "./recovery/heal.ts";
import { compareReplicas, readCells, readFinalStates } from "./recovery/quiesce.ts";
import { recover } from "./recovery/recovery.ts";
import { readSlots } from "./recovery/slot-reads.ts";
import type { RunCluster } from "./run-cluster.ts";
import type { RunContext } from "./run-context.ts";
import { makeRunFolder, writePlanFiles } from "./run-folder.ts";
import type { RunOptions, RunResult } from "./run-options.ts";
import { SeenService } from "./seen-service.ts";
import { ServerTrouble, tellUnattached } from "./server-trouble.ts";
import { attachesLater, startCluster } from "./start-cluster.ts";
import { startTraffic, type Traffic } from "./traffic.ts";
import { leaveCluster, mayBeCleaned } from "./warm/leave-cluster.ts";
import { type WatchedCluster, watchCluster } from "./watched-cluster.ts";

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
  const own = options.attached?.login.password;
  const secrets = [...secretsOf(plan, options.compose), ...(own === undefined ? [] : [own])];
  const journal = JournalWriter.open(path.join(directory, "journal.jsonl"), clock, { redact: secrets });
  for (const reporter of options.live) journal.subscribe((event) => reporter.onEvent?.(event), reporter.name);
  const context = makeContext({ options, clock, emit: journal.emit, directory, runId, hide: textHider(secrets) });
  await writePlanFiles(directory, options);
  const error = await new Run(context, journal).toTheEnd(startedAt);
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
  readonly #journal: JournalWriter;
  readonly #service: SeenService;
  /** From the moment on at which the servers answer. */
  #watched: WatchedCluster | null = null;
  #started: RunCluster | null = null;
  /** What was done may be undone: another run can use the cluster. */
  #mayBeCleaned = false;

  constructor(context: RunContext, journal: JournalWriter) {
    this.#context = context;
    this.#journal = journal;
    this.#service = new SeenService(context.options.plan.experiment);
    journal.subscribe((event) => this.#service.see(event), "what clients see");
    const limits = new LimitWatch(context, () => this.#watched);
    journal.subscribe((event) => limits.see(event), "limits on the way");
  }

  /** Everything from the first event to the last. Returns what broke the run, or undefined. */
  async toTheEnd(startedAt: Date): Promise<unknown> {
    const { emit, options } = this.#context;
    const { interrupt } = options;
    await this.#begin(startedAt);
    let failure: unknown;
    try {
      await this.#phases().catch((error: unknown) => this.#judgeTrouble(error));
    } catch (error) {
      failure = error;
      if (interrupt.aborted) emit({ type: "verdict", verdict: "interrupted", reasons: ["interrupted by the user"] });
      else emit({ type: "verdict", verdict: "error", reasons: [describe(error)] });
    }
    await this.#phase("teardown", () => this.#tearDown(failure === undefined && options.keep));
    return interrupt.aborted ? undefined : failure;
  }

  async #begin(startedAt: Date): Promise<void> {
    const { runId, directory, emit, options } = this.#context;
    const { plan, system, image, engine } = options;
    // A daemon that is gone is the set-up's error to report, with everything else already journaled.
    const digest = await engine.inspectImage(image).then(
      (info) => info?.digest ?? null,
      () => null,
    );
    emit({
      type: "run",
      version: 1,
      kvchaos: version,
      runId,
      startedAt: startedAt.toISOString(),
      command: [...options.command(directory)],
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
    const { emit } = this.#context;
    emit({ type: "phase", phase, step: "begin" });
    try {
      return await work();
    } finally {
      if (phase !== "checks" && phase !== "teardown") await this.#watched?.locks.keep();
      emit({ type: "phase", phase, step: "end" });
      await this.#journal.flush();
    }
  }

  async #phases(): Promise<void> {
    const { preload: spec, checks } = this.#context.options.plan.experiment;
    const watched = await this.#phase("setup", () => this.#setUp());
    if (spec) await this.#phase("preload", () => this.#preload(spec, watched));
    const traffic = await this.#phase("warm-up", () => this.#warmUp(watched));
    await this.#phase("chaos", () => this.#chaos(watched));
    const aftermath: Aftermath = { ...this.#context, ...watched, service: this.#service };
    await this.#phase("heal", () => this.#heal(aftermath));
    const recovered = await this.#phase("recovery", () => this.#recover(aftermath));
    await this.#phase("quiesce", () => this.#quiesce(aftermath, watched, { traffic, recovered }));
    await watched.watchdog.stop();
    await this.#phase("checks", () => this.#check(checks));
  }

  /** The servers are watched before any of them is told its role. */
  async #setUp(): Promise<WatchedCluster> {
    const started = await startCluster(this.#context, () => this.#watched !== null);
    const { cluster } = started;
    const watched = await watchCluster(this.#context, cluster);
    this.#watched = watched;
    this.#started = started;
    await started.replicate().catch((error: unknown) => tellUnattached(this.#context, cluster, error));
    await checkCommands(cluster, this.#context.options.plan.experiment.load, this.#context.signal);
    return watched;
  }

  async #preload(spec: PreloadSpec, { cluster }: WatchedCluster): Promise<void> {
    const { emit, signal, options } = this.#context;
    const { experiment, seed } = options.plan;
    await preload({
      spec,
      // No fault before chaos.
      targets: loadTargets(cluster, { on: "masters", via: "direct" }),
      ...{ seed, emit, signal, within: PRELOAD_MS },
      login: cluster.login,
      keySpaces: cluster.keySpaces,
      tags: (node) => cluster.keyTags(node, slotsOfPreload(spec)),
    });
    if (attachesLater(experiment)) await attachReplicas(cluster, signal);
  }

  async #warmUp({ cluster, watchdog, evidence }: WatchedCluster): Promise<Traffic> {
    const { signal, options } = this.#context;
    // Set-up and preload are no measure of a healthy answer.
    watchdog.measure();
    // Before the first fault: a thread that nobody asks can hang unseen.
    await watchdog.cover();
    const traffic = await startTraffic(this.#context, cluster);
    await sleep(options.plan.experiment.warmUp, signal);
    await evidence.baseline();
    watchdog.calibrated();
    return traffic;
  }

  /** Faults on their schedules until the time is over, a finding ends it, or the user does. */
  async #chaos({ runner, chaosBegins, chaosIsOver }: WatchedCluster): Promise<void> {
    const { clock, scope, signal, options } = this.#context;
    // Last in, first undone: whatever breaks from here on, the faults are healed before anything is torn down.
    scope.defer("heal the faults", () => runner.healAll(), 120_000);
    const firstFinding = new AbortController();
    chaosBegins(() => firstFinding.abort());
    const end = AbortSignal.any([signal, firstFinding.signal]);
    const over = new AbortController();
    const chaos = AbortSignal.any([end, over.signal]);
    setMaxListeners(0, chaos);
    const faultsDone = runner.run(clock.now(), chaos);
    await sleep(options.plan.experiment.duration, end).catch(() => {});
    over.abort(new ChaosError("timeout", "the chaos phase is over"));
    await faultsDone;
    chaosIsOver();
  }

  async #heal(aftermath: Aftermath): Promise<void> {
    await heal({ ...aftermath, reconcile: this.#context.options.plan.experiment.reconcile });
    this.#context.signal.throwIfAborted();
  }

  async #recover(aftermath: Aftermath): ReturnType<typeof recover> {
    const { expectRoles, recovery, stopOn } = this.#context.options.plan.experiment;
    const hasProof = (node: string): boolean =>
      stopOn === "first-finding" && this.#watched?.evidence.hasProof(node) === true;
    return recover({ ...aftermath, expectRoles, within: recovery.within, hasProof });
  }

  /** Load goes on until what clients see can be judged; then it stops, and what the servers hold is read. */
  async #quiesce(
    aftermath: Aftermath,
    { cluster, watchdog, evidence }: WatchedCluster,
    { traffic, recovered }: { traffic: Traffic; recovered: Awaited<ReturnType<typeof recover>> },
  ) {
    const { clock, directory, signal, options } = this.#context;
    for (const { name } of cluster.nodes) evidence.outlived(watchdog.verdict(name));
    // Clients of who never answers again need not be waited for, where one finding is enough.
    const enough = recovered === "hopeless" && options.plan.experiment.stopOn === "first-finding";
    if (!enough) await this.#service.observed(clock.now(), clock.now, signal);
    await traffic.stop();
    watchdog.quiesce();
    await readFinalStates(aftermath);
    // Reading whole datasets takes its time: only when somebody asks whether they are equal.
    if (options.plan.experiment.checks.includes("converges")) await compareReplicas(aftermath);
    await readSlots({ ...aftermath, plan: options.plan });
    if (traffic.loads) await readCells({ ...aftermath, ...traffic.loads, directory });
    await evidence.settled();
  }

  async #check(names: readonly string[]): Promise<void> {
    const { directory, emit } = this.#context;
    await this.#watched?.locks.foretell();
    await this.#journal.flush();
    const record = await readRun(directory);
    const results = runChecks(names, record);
    for (const result of results) emit({ type: "check", ...result });
    const verdict = verdictOf(record, results);
    emit({ type: "verdict", ...verdict });
    this.#mayBeCleaned = mayBeCleaned(record, results, verdict.verdict);
  }

  async #tearDown(keep: boolean): Promise<void> {
    const { scope, held, emit, options } = this.#context;
    const failures = await scope.close();
    const left = this.#mayBeCleaned && failures.length === 0 && (await leaveCluster(this.#context, this.#started));
    // The next run of this process does not wait for the end of containers.
    if (!keep && !left && options.warm) options.warm.remove({ ...held });
    else if (!keep && !left) failures.push(...(await held.resources.close()));
    for (const { what, error } of failures) {
      emit({ type: "note", about: "teardown", text: `could not ${what}: ${messageOf(error)}` });
    }
  }

  /** A server ended or hung before the first fault: what there is is judged. Rejects with any other error. */
  async #judgeTrouble(error: unknown): Promise<void> {
    const { signal, evidenceSignal, emit, options } = this.#context;
    const trouble = signal.reason instanceof ServerTrouble ? signal.reason : error;
    if (!(trouble instanceof ServerTrouble) || evidenceSignal.aborted) throw error;
    emit({ type: "note", about: "run", text: `${trouble.message}: the rest of the run is left out` });
    await this.#watched?.evidence.settled();
    await this.#watched?.watchdog.stop();
    const own = ["no-crash", "no-hang", ...trouble.checks];
    await this.#phase("checks", () => this.#check([...new Set([...own, ...options.plan.experiment.checks])]));
  }
}

const describe = (error: unknown): string =>
  `${messageOf(error)}${error instanceof ChaosError && error.hint ? ` ${error.hint}` : ""}`;
