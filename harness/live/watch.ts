import { setMaxListeners } from "node:events";
import { cpus, release, totalmem } from "node:os";
import path from "node:path";
import { messageOf } from "../base/chaos-error.ts";
import { monotonicClock } from "../base/clock.ts";
import { sleep } from "../base/deadline.ts";
import { CleanupScope } from "../base/scope.ts";
import { version } from "../base/version.ts";
import { LimitCourse } from "../checks/limits/limit-course.ts";
import { brokenText } from "../checks/limits/limits.ts";
import { runChecks } from "../checks/run-checks.ts";
import { verdictOf } from "../checks/verdict.ts";
import { seenSync } from "../cluster/seen-sync.ts";
import { LocalProcess } from "../examine/local-process.ts";
import type { NodeState, Phase } from "../journal/events.ts";
import type { OwnLimit } from "../journal/limits.ts";
import { readRecord } from "../journal/reader.ts";
import { textHider } from "../journal/redact.ts";
import { JournalWriter } from "../journal/writer.ts";
import { makeRunFolder } from "../run/run-folder.ts";
import type { LiveReporter, RunResult } from "../run/run-options.ts";
import { startControl } from "../watchdog/control-server.ts";
import { startWatchdog } from "../watchdog/start-watchdog.ts";
import type { RunningWatchdog, WatchedNode } from "../watchdog/watchdog.ts";
import type { Access, LiveServer } from "./discover.ts";
import type { LiveContext } from "./live-context.ts";
import { LiveEvidence } from "./live-evidence.ts";
import { changeText, type LiveTopology, topologyOf } from "./live-topology.ts";
import { type WatchSettings, watchPlan } from "./watch-plan.ts";
import { CONTROL, controlNode, imageOf } from "./watched-nodes.ts";

/*
 *   setup ─► warm-up (what healthy answers take) ─► watch ─► checks ─► teardown
 *                                                    │ a server in trouble ─► evidence, and on it goes
 *                                                    └ its time is over, or Ctrl-C
 */

export interface WatchOptions {
  servers: readonly LiveServer[];
  /** Known by name, and silent when the watch began. */
  silent: readonly { name: string; why: string }[];
  access: Access;
  settings: WatchSettings;
  limits: readonly OwnLimit[];
  reports: string;
  command: readonly string[];
  /** Its end is the watch's, too. */
  interrupt: AbortSignal;
  live: readonly LiveReporter[];
}

/** Watches servers that are there. Nothing is written to them, and nothing is done to them. */
export async function watch(options: WatchOptions): Promise<RunResult> {
  const startedAt = new Date();
  const clock = monotonicClock();
  const { access, live } = options;
  const { directory, runId } = await makeRunFolder(options.reports, "watch", "live", startedAt);
  const secrets = [access.password, access.sentinelPassword].filter((one) => one !== undefined);
  const journal = JournalWriter.open(path.join(directory, "journal.jsonl"), clock, { redact: secrets });
  for (const reporter of live) journal.subscribe((event) => reporter.onEvent?.(event), reporter.name);
  const broken = new AbortController();
  setMaxListeners(0, broken.signal, options.interrupt);
  const context = { clock, emit: journal.emit, directory, hide: textHider(secrets), signal: broken.signal };
  const error = await new Watch(options, context, journal).toTheEnd(startedAt, runId);
  await journal.close();
  const record = await readRecord(path.join(directory, "journal.jsonl"));
  const last = record.last("verdict");
  return {
    verdict: last?.verdict ?? "error",
    reasons: last?.reasons ?? [],
    findings: record.of("check").flatMap((check) => check.findings),
    ...{ directory, record, error, liveFailures: journal.subscriberFailures },
  };
}

class Watch {
  readonly #options: WatchOptions;
  readonly #context: LiveContext;
  readonly #journal: JournalWriter;
  readonly #scope = new CleanupScope();
  readonly #processes: ReadonlyMap<string, LocalProcess>;
  readonly #evidence: LiveEvidence;
  readonly #states: Map<string, NodeState>;
  readonly #inside: ReadonlyMap<string, string>;
  #topology: LiveTopology;

  constructor(options: WatchOptions, context: LiveContext, journal: JournalWriter) {
    this.#options = options;
    this.#context = context;
    this.#journal = journal;
    this.#processes = new Map(options.servers.map((one) => [one.name, new LocalProcess(one, context.clock)]));
    this.#evidence = new LiveEvidence(context, (node) => this.#processes.get(node)?.pid ?? null);
    this.#states = new Map(
      options.servers.flatMap(({ name, kind, state }) => (kind === "server" ? [[name, state]] : [])),
    );
    this.#inside = new Map(options.servers.flatMap(({ name, inside }) => (inside ? [[inside, name]] : [])));
    this.#topology = topologyOf(this.#states, this.#inside);
    const courses = options.limits.map((limit) => new LimitCourse(limit));
    const told = new Set<string>();
    journal.subscribe((event) => {
      for (const course of courses) {
        const over = course.see(event);
        const key = JSON.stringify([course.limit.text, over?.node]);
        if (!over || told.has(key) || course.starvedShare({ from: over.from, to: event.t }) > 0) continue;
        told.add(key);
        context.emit({ type: "limit-passed", check: "limits", node: over.node, what: brokenText(course.limit, over) });
      }
    }, "limits on the way");
  }

  async toTheEnd(startedAt: Date, runId: string): Promise<unknown> {
    const { emit } = this.#context;
    this.#begin(startedAt, runId);
    let failure: unknown;
    try {
      const watchdog = await this.#phase("setup", () => this.#setUp());
      const { warmUp, duration } = this.#options.settings;
      watchdog.measure();
      await this.#phase("warm-up", () => this.#wait(warmUp));
      watchdog.calibrated();
      await this.#phase("watch", () => this.#wait(duration));
      await this.#evidence.settled();
      await watchdog.stop();
      await this.#phase("checks", () => this.#check());
    } catch (error) {
      failure = error;
      emit({ type: "verdict", verdict: "error", reasons: [messageOf(error)] });
    }
    await this.#phase("teardown", async () => {
      for (const { what, error } of await this.#scope.close()) {
        emit({ type: "note", about: "teardown", text: `could not ${what}: ${messageOf(error)}` });
      }
    });
    return failure;
  }

  #begin(startedAt: Date, runId: string): void {
    const { command, servers, settings, limits } = this.#options;
    const plan = watchPlan(servers, settings, limits);
    const [first] = servers;
    this.#context.emit({
      ...{
        type: "run",
        version: 1,
        kvchaos: version,
        runId,
        startedAt: startedAt.toISOString(),
        command: [...command],
      },
      ...{ title: plan.experiment.title, experimentFile: "watch", issue: null, seed: plan.seed },
      ...{ system: first?.system.name ?? "redis", image: imageOf(first), digest: null },
      host: {
        node: process.version,
        kernel: release(),
        cpu: cpus()[0]?.model ?? null,
        cores: cpus().length,
        memoryBytes: totalmem(),
      },
      plan,
    });
  }

  async #phase<T>(phase: Phase, work: () => Promise<T>): Promise<T> {
    const { emit } = this.#context;
    emit({ type: "phase", phase, step: "begin" });
    try {
      return await work();
    } finally {
      emit({ type: "phase", phase, step: "end" });
      await this.#journal.flush();
    }
  }

  /** To the end of its time, or until the user ends it. */
  async #wait(ms: number): Promise<void> {
    const { interrupt } = this.#options;
    if (interrupt.aborted) return;
    // A timer of Node's has an end of its own.
    const time = Number.isFinite(ms) ? ms : 2 ** 31 - 1;
    await sleep(time, interrupt).catch((error: unknown) => {
      if (!interrupt.aborted) throw error;
    });
  }

  async #setUp(): Promise<RunningWatchdog> {
    const { servers, silent, access, settings } = this.#options;
    const { clock, emit, signal } = this.#context;
    // Looking for them takes a moment each: before anybody measures answers.
    for (const one of this.#processes.values()) await one.look();
    const control = await startControl();
    this.#scope.defer("stop the control server", () => control.stop());
    emit({
      type: "cluster",
      nodes: [
        ...servers.map((one) => ({
          ...{ name: one.name, role: this.#roleOf(one), container: one.name, image: imageOf(one), digest: null },
          ...{ ports: { [one.port]: one.port }, version: one.version },
        })),
        {
          name: CONTROL,
          role: "control",
          container: CONTROL,
          image: "kvchaos",
          digest: null,
          ports: {},
          version: null,
        },
      ],
      links: [],
      mode: servers.some(({ sharded }) => sharded) ? "cluster" : servers.some(isSentinel) ? "sentinel" : null,
      ruledBy: servers.some(isSentinel) ? "sentinels" : servers.some(({ sharded }) => sharded) ? "servers" : "operator",
    });
    for (const { name, why } of silent)
      emit({ type: "note", about: name, text: `not watched, it does not answer: ${why}` });
    emit({ type: "topology", ...this.#topology, reason: "as the servers say" });
    const watchdog = await startWatchdog({
      nodes: [...servers.map((one) => this.#watched(one)), controlNode(control.port)],
      settings: { ...settings, hangLimit: null, slowAfter: null },
      ...{ clock, emit, signal, login: access },
      onCondition: ({ node, condition }) => {
        if (condition !== "healthy") this.#evidence.consider(node, condition);
        else
          void this.#processes
            .get(node)
            ?.look()
            .then(() => this.#evidence.healthy(node));
      },
      onState: (node, state) => this.#state(node, state),
    });
    this.#scope.defer("stop the watchdog", () => watchdog.stop());
    return watchdog;
  }

  #watched(server: LiveServer): WatchedNode {
    const { name, system, host, port, kind, sharded } = server;
    return {
      ...{
        name,
        system,
        host,
        port,
        role: this.#roleOf(server),
        outside: { reads: kind === "server" && !sharded, writes: false },
      },
      pid: () => this.#processes.get(name)?.pid ?? null,
      container: () => ({ running: true, paused: false, exitCode: null }),
      claimed: () => null,
      master: () => this.#topology.replicaOf[name] ?? null,
    };
  }

  #roleOf({ name, kind }: LiveServer): "sentinel" | "replica" | "master" {
    if (kind === "sentinel") return "sentinel";
    return this.#topology.masters.includes(name) ? "master" : "replica";
  }

  #state(node: string, state: NodeState): void {
    const before = this.#states.get(node);
    // A sentinel has no role.
    if (!before) return;
    this.#states.set(node, state);
    const { emit } = this.#context;
    const step = seenSync(before, state);
    if (step !== null) emit({ type: "full-sync", node, step, done: null, total: null });
    const now = topologyOf(this.#states, this.#inside);
    const change = changeText(this.#topology, now);
    this.#topology = now;
    if (change !== null) emit({ type: "topology", ...now, reason: change });
  }

  async #check(): Promise<void> {
    const { emit, directory } = this.#context;
    await this.#journal.flush();
    const record = await readRecord(path.join(directory, "journal.jsonl"));
    const results = runChecks(record.plan?.experiment.checks ?? [], record);
    for (const result of results) emit({ type: "check", ...result });
    emit({ type: "verdict", ...verdictOf(record, results) });
  }
}

const isSentinel = ({ kind }: LiveServer): boolean => kind === "sentinel";
