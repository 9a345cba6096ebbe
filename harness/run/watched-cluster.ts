import type { RunningCluster } from "../cluster/running-cluster.ts";
import { ownerLabels } from "../docker/leftovers.ts";
import { faults } from "../faults/registry.ts";
import { startWatchdog } from "../watchdog/start-watchdog.ts";
import type { NodeVerdict, RunningWatchdog, WatchdogOptions } from "../watchdog/watchdog.ts";
import { watchExpectations } from "./chaos/expectation-watch.ts";
import { FaultRunner } from "./chaos/fault-runner.ts";
import { FirstFinding } from "./chaos/first-finding.ts";
import { ExperimentMoves } from "./chaos/moves.ts";
import { SeenStates } from "./chaos/seen-states.ts";
import { TriggerSource } from "./chaos/triggers.ts";
import { CoreCollector } from "./core-evidence.ts";
import { EvidenceCollector } from "./evidence.ts";
import { LockWatch } from "./lock-watch.ts";
import type { RunContext } from "./run-context.ts";
import { ServerTrouble } from "./server-trouble.ts";

/*
 *   watchdog ──┬─ condition ─► evidence, and who waits for a first finding
 *              └─ state ─────► states (recovery), triggers (faults), moves (who is master by the experiment's own commands)
 */

/** How many times hangAfter an unproved hang may last before it is believed without waiting for heal. */
const PATIENCE = 3;

/** Everything that watches a cluster and acts on it, from the moment its servers answer. */
export interface WatchedCluster {
  cluster: RunningCluster;
  watchdog: RunningWatchdog;
  evidence: EvidenceCollector;
  states: SeenStates;
  runner: FaultRunner;
  moves: ExperimentMoves;
  locks: LockWatch;
  /** The chaos phase begins: from now on a server in trouble is for the checks, and ends the phase only where that is asked for. */
  chaosBegins(stop: () => void): void;
  /** A finding is certain. */
  foundOne(): void;
  /** The chaos phase, where it is on, ends now. */
  endChaos(): void;
  /** Nothing more is waited for. */
  chaosIsOver(): void;
}

/** Starts watching. Until chaos begins, a server that ends or hangs ends the run: nothing of ours can be the cause. */
export async function watchCluster(context: RunContext, cluster: RunningCluster): Promise<WatchedCluster> {
  const { options, clock, emit, scope } = context;
  const { engine, plan } = options;
  const { experiment } = plan;
  const { hangAfter, hangLimit } = experiment.watchdog;
  const patience = hangLimit ?? PATIENCE * hangAfter;
  const labels = await ownerLabels(context.held.runId);
  const states = new SeenStates(clock);
  const triggers = new TriggerSource(cluster, emit);
  const moves = new ExperimentMoves(cluster);
  let last: NodeVerdict | null = null;
  let endChaos = (): void => {};
  let first: FirstFinding | null = new FirstFinding(patience, () => context.troubled(new ServerTrouble(last)));
  const evidence = new EvidenceCollector({
    hide: context.hide,
    onStopped: (node) => context.examinations.begin(node),
    cluster,
    directory: context.directory,
    clock,
    emit,
    signal: context.evidenceSignal,
    onProof: () => first?.proved(),
    cutBy: (link) => runner.holding(link),
    cores: experiment.cores ? new CoreCollector(context) : null,
    // Nobody's container is entered but ours.
    sidecar: ({ container, server: { system, image } }) =>
      options.attached ? undefined : { engine, container, image, labels, processName: system.processName },
  });
  const runner = new FaultRunner({
    planned: plan.faults,
    registry: faults,
    cluster,
    claims: context.claims,
    examinations: context.examinations,
    triggers,
    clock,
    emit,
    beforeHeal: () => evidence.settled(),
    capture: (node, reason) => evidence.capture(node, reason),
    keep: (file, content) => evidence.keep(file, content),
    onInjected: (planned, targets) => moves.injected(planned, targets),
  });
  watchExpectations(context, cluster);
  scope.defer("stop waiting for a finding", async () => first?.close());
  const watchdog = await watch(context, cluster, {
    onCondition: (verdict) => {
      last = verdict;
      evidence.consider(verdict);
      if (cluster.control?.name !== verdict.node) first?.condition(verdict);
    },
    onState: (node, state) => {
      states.add(node, state);
      cluster.logs.see?.(node, state);
      triggers.state(node, state);
      moves.state(node, state);
    },
  });
  const replace = (next: FirstFinding | null): void => {
    first?.close();
    first = next;
  };
  return {
    cluster,
    watchdog,
    evidence,
    states,
    runner,
    moves,
    locks: new LockWatch(context, cluster),
    chaosBegins: (stop) => {
      endChaos = stop;
      replace(experiment.stopOn === "first-finding" ? new FirstFinding(patience, stop) : null);
    },
    foundOne: () => first?.proved(),
    endChaos: () => endChaos(),
    chaosIsOver: () => {
      endChaos = () => {};
      replace(null);
    },
  };
}

/** Starts probing every node, the control included. */
async function watch(
  context: RunContext,
  cluster: RunningCluster,
  listeners: Pick<WatchdogOptions, "onCondition" | "onState">,
): Promise<RunningWatchdog> {
  const { options, clock, emit, scope, claims } = context;
  const all = [...cluster.nodes, ...cluster.sentinels, ...(cluster.control ? [cluster.control] : [])];
  const watchdog = await startWatchdog({
    nodes: all.map((node) => ({
      name: node.name,
      system: node.server.system,
      role: node.role,
      host: node.direct.host,
      port: node.direct.port,
      keyTag: node.role === "control" ? "" : cluster.keyTag(node.name),
      pid: () => node.pid(),
      container: () => node.containerState(),
      ...(options.attached && { outside: { reads: true, writes: true } }),
      claimed: () => claims.of(node.name),
      examined: () => context.examinations.of(node.name),
      master: () => cluster.topology.replicaOf[node.name] ?? null,
    })),
    settings: options.plan.experiment.watchdog,
    clock,
    emit,
    login: cluster.login,
    signal: context.evidenceSignal,
    others: options.others,
    ...listeners,
  });
  scope.defer("stop the watchdog", () => watchdog.stop());
  return watchdog;
}
