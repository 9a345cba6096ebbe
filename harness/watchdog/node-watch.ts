import { joinSpans } from "../base/span.ts";
import { HANGS, type NodeState } from "../journal/events.ts";
import { type Judgement, NodeClassifier, type Observation } from "./classifier.ts";
import { CommandClasses } from "./command-classes.ts";
import type { NodeReport } from "./observation.ts";
import { type OurConnections, stoppedHow } from "./outside.ts";
import type { NodeOrder } from "./probes/node-prober.ts";
import { ProbeSeconds } from "./probes/probe-seconds.ts";
import { type ProcessSample, sampleProcess } from "./process-sample.ts";
import type { MasterView } from "./replication-stall.ts";
import { slowBound } from "./slowness.ts";
import type { Starvation } from "./starvation.ts";
import type { NodeVerdict, WatchdogOptions, WatchedNode } from "./watchdog.ts";
import { NodeCover } from "./workers/node-cover.ts";

const SAMPLE_EVERY = 1000;
const SAMPLE_SUSPICIOUS_EVERY = 250;
/** A poll every 100 ms, and a little early. */
const STATE_EVERY = 90;
/** A question as old as this, on a way that carries others, will not be answered soon. ms */
const REOPEN_AFTER = 2_000;
/** Warm-up answers kept for calibration. */
const BASELINE = 20_000;

/** Writes go to masters only. */
export function takesWrites({ role, master, outside }: WatchedNode): boolean {
  return outside?.writes !== false && (role === "master" || role === "replica") && master() === null;
}

/** The main thread's side of one node: gathers what the classifier needs and tells the journal. */
export class NodeWatch {
  readonly #node: WatchedNode;
  readonly #options: WatchdogOptions;
  readonly #starvation: Starvation;
  readonly #classifier: NodeClassifier;
  readonly #seconds = new ProbeSeconds();
  readonly #classes: CommandClasses;
  readonly #order: (order: NodeOrder) => void;
  readonly #ours: OurConnections;
  #state: { at: number; state: NodeState } | null = null;
  #newState = false;
  #journaled = { gist: "", at: 0 };
  #sample: ProcessSample | null = null;
  #sampledAt = Number.NEGATIVE_INFINITY;
  #baseline: number[] | null = null;
  #slowAfter: number | null;
  #secondFrom: number;
  #claimed: "paused" | "down" | null = null;
  #writes: boolean;
  #quiet = false;
  #blind: NodeVerdict | null = null;
  readonly cover: NodeCover;

  /** @param order tells the probe thread */
  constructor(
    node: WatchedNode,
    options: WatchdogOptions,
    starvation: Starvation,
    order: (order: NodeOrder) => void,
    ours: OurConnections,
  ) {
    const { settings, clock } = options;
    const { system } = node;
    this.#node = node;
    this.#options = options;
    this.#starvation = starvation;
    this.#order = order;
    this.#ours = ours;
    this.#slowAfter = settings.slowAfter;
    this.#secondFrom = clock.now();
    this.#writes = takesWrites(node);
    const { restoringReplies } = system;
    this.cover = new NodeCover(node, options, {
      told: () => this.state?.workers ?? null,
      grow: (connections) => this.#order({ type: "grow", node: node.name, connections }),
    });
    this.#classes = new CommandClasses(system.commands.info(), settings.poll, [...restoringReplies, "BUSY"]);
    this.#classifier = new NodeClassifier({ ...settings, restoringReplies }, clock.now());
  }

  get state(): NodeState | undefined {
    return this.#state?.state;
  }

  get verdict(): NodeVerdict {
    if (this.#blind) return this.#blind;
    const { condition, since, why } = this.#classifier.judgement;
    return { node: this.#node.name, condition, since, why };
  }

  /** Takes in one report; judging comes when all nodes were heard. */
  hear(report: NodeReport, t: number): void {
    this.#seconds.add(report, t);
    this.#classes.hear(report);
    this.cover.see(report.connections);
    // Opening the connections is no measure of a healthy answer.
    const settled = this.#classifier.judgement.condition !== "unknown";
    if (settled && this.#baseline && this.#baseline.length < BASELINE) {
      for (const { kind, askedAt, answeredAt } of report.answers) {
        if (kind === "established") this.#baseline.push(answeredAt - askedAt);
      }
    }
    for (const { at, text } of report.infos) {
      const state = this.#node.system.state(text);
      this.#state = { at, state };
      this.#newState = true;
      this.#journalState(at, state);
      this.#options.onState(this.#node.name, state);
    }
  }

  /** INFO may be polled a hundred times a second: the journal gets ten, and every change of role, link and sync. */
  #journalState(at: number, state: NodeState): void {
    const { role, link, masterHost, masterPort, syncing, loading } = state;
    const gist = [role, link, masterHost, masterPort, syncing, loading].join();
    if (gist === this.#journaled.gist && at - this.#journaled.at < STATE_EVERY) return;
    this.#journaled = { gist, at };
    this.#options.emit({ type: "node-state", t: at, node: this.#node.name, state });
  }

  /** @param watches of all nodes, by name */
  judge(report: NodeReport, t: number, watches: ReadonlyMap<string, NodeWatch>): void {
    if (this.#blind) return;
    const claimed = this.#node.claimed();
    // A stopped server, or its network, has forgotten connections that look open from here.
    if (this.#claimed === "down" && claimed === null) this.#order({ type: "reopen", node: this.#node.name });
    this.#claimed = claimed;
    this.#direct();
    const was = this.#classifier.judgement;
    const now = this.#classifier.observe({
      t,
      seenAt: Math.max(t, this.#options.clock.now()),
      report,
      claimed,
      container: this.#node.container(),
      process: this.#readProcess(),
      state: this.#newState ? this.#state : null,
      master: watches.get(this.#node.master() ?? "")?.asMaster() ?? null,
      starved: joinSpans(this.#starvation.spans, this.#node.examined?.() ?? []),
      slowAfter: this.#slowAfter,
      workers: this.cover.map,
      outside: this.#outside(report, t),
    });
    this.#newState = false;
    if (this.#node.outside && (now.condition === "unreachable" || now.condition === "dead")) this.#reopen(report, t);
    const hung = HANGS.includes(now.condition);
    this.#classes.judged(hung, t);
    if (hung !== HANGS.includes(was.condition)) this.#order({ type: "config", node: this.#node.name, on: hung });
    if (now.condition !== was.condition) this.#tell(was, now, t);
  }

  /** Begins the baseline: from now on a healthy node's answers are what others are measured by. */
  measure(): void {
    this.#baseline = [];
  }

  /** Ends the baseline. */
  calibrate(): void {
    if (this.#baseline) this.#slowAfter ??= slowBound(this.#baseline);
    this.#baseline = null;
  }

  quiesce(): void {
    this.#quiet = true;
    this.#direct();
  }

  /** No probe runs any more: nothing is known from now on. */
  blind(why: string): void {
    const was = this.#classifier.judgement;
    const now: Judgement = { condition: "unknown", since: this.#options.clock.now(), why };
    this.#blind = { node: this.#node.name, ...now };
    this.#tell(was, now, now.since);
  }

  /** Emits the figures of the second that ends now. */
  second(now: number): void {
    const { emit } = this.#options;
    const node = this.#node.name;
    if (this.#classifier.judgement.condition === "healthy" && !this.#quiet) this.cover.renew(now);
    const seconds = (now - this.#secondFrom) / 1000;
    this.#secondFrom = now;
    for (const figures of this.#seconds.take()) emit({ type: "probe", t: now, node, seconds, ...figures });
    const classes = this.#classes.tell(now);
    if (classes) emit({ type: "classes", t: now, node, ...classes });
    const pid = this.#node.pid();
    const sample = pid === null ? null : this.#sample;
    const { alive = this.#node.container().running, cpuMs = null, switches = null, rssBytes = null } = sample ?? {};
    const threads = sample?.alive ? sample.threads.length : null;
    emit({ type: "process", t: now, node, alive, pid, threads, cpuMs, switches, rssBytes });
  }

  /** This node as a replica's master. */
  asMaster(): MasterView {
    const { condition } = this.#classifier.judgement;
    const available = condition === "healthy" || condition === "slow" || condition === "stalled";
    const { offset = null } = this.state ?? {};
    return { name: this.#node.name, available: available && this.#claimed === null, offset };
  }

  /** Nobody gets writes once the data must stand still. */
  #direct(): void {
    const writes = !this.#quiet && takesWrites(this.#node);
    if (writes === this.#writes) return;
    this.#writes = writes;
    this.#order({ type: "writes", node: this.#node.name, on: writes });
  }

  /** Somebody is there again: what TCP still tries to bring to those before would come late. */
  #reopen({ answers, connections }: NodeReport, t: number): void {
    const isBack = answers.some(({ kind }) => kind === "fresh");
    const isOld = connections.some(({ askedAt }) => askedAt !== null && t - askedAt > REOPEN_AFTER);
    if (isBack && isOld) this.#order({ type: "reopen", node: this.#node.name });
  }

  /** What is known of the way to a server that is not ours, once a question has been open for long. */
  #outside({ connections }: NodeReport, t: number): Observation["outside"] {
    if (!this.#node.outside) return null;
    const old = this.#options.settings.hangAfter / 2;
    const asked = connections.filter(({ askedAt }) => askedAt !== null && t - askedAt >= old);
    if (asked.length === 0) return { unacknowledged: false, stopped: null };
    const pid = this.#node.pid();
    return {
      unacknowledged: this.#ours.isUnacknowledged(asked.flatMap(({ localPort }) => localPort ?? [])),
      stopped: pid === null ? null : stoppedHow(pid),
    };
  }

  /** A new reading when one is due, else null. */
  #readProcess(): ProcessSample | null {
    const now = this.#options.clock.now();
    const { suspicious } = this.#classifier;
    if (now - this.#sampledAt < (suspicious ? SAMPLE_SUSPICIOUS_EVERY : SAMPLE_EVERY)) return null;
    this.#sampledAt = now;
    const pid = this.#node.pid();
    // Read whole when it is judged: a thread that was woken and gets no CPU looks asleep by its schedule alone.
    this.#sample = pid === null ? null : sampleProcess(pid, now, suspicious ? null : this.#sample);
    return this.#sample;
  }

  #tell(was: Judgement, now: Judgement, t: number): void {
    const node = this.#node.name;
    const { condition, ...because } = now;
    this.#options.emit({ type: "condition", t, node, was: was.condition, now: condition, ...because });
    this.#options.onCondition({ node, condition, since: now.since, why: now.why });
  }
}
