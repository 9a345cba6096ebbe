import { ChaosError } from "../base/chaos-error.ts";
import { NodeWatch, takesWrites } from "./node-watch.ts";
import { type ProbeReport, REPORT_EVERY } from "./observation.ts";
import { OurConnections } from "./outside.ts";
import { startProbeThread } from "./probes/probe-thread-host.ts";
import { SelfCheck } from "./self-check.ts";
import { Starvation } from "./starvation.ts";
import type { RunningWatchdog, WatchdogOptions } from "./watchdog.ts";

const SECOND = 1000;
/** A probe thread that has not reported for this long is late itself. ms */
const REPORT_LATE = REPORT_EVERY + 500;

/**
 * Starts probing all nodes and judging what comes back. Resolves when the first probes are out.
 * @throws ChaosError `internal` or `timeout` when the probe thread does not start
 */
export async function startWatchdog(options: WatchdogOptions): Promise<RunningWatchdog> {
  const { nodes, settings, clock, emit, signal } = options;
  const controls = nodes.filter(({ role }) => role === "control").map(({ name }) => name);
  const starvation = new Starvation(settings.hangAfter, controls);
  let lastReport = clock.now();
  let stopping: Promise<void> | undefined;
  // Nobody is told of a condition before the caller has the watchdog in hand: reports wait until then.
  let early: ProbeReport[] | null = [];

  const onReport = (report: ProbeReport): void => {
    if (stopping) return;
    if (early) {
      early.push(report);
      return;
    }
    lastReport = report.t;
    self.mainDelayed(clock.now() - report.t);
    self.probeDelayed(report.loopDelay);
    starvation.observe(report);
    // All INFO answers first: a replica is judged by its master's newest offset.
    for (const node of report.nodes) watches.get(node.node)?.hear(node, report.t);
    for (const node of report.nodes) watches.get(node.node)?.judge(node, report.t, watches);
  };

  const thread = await startProbeThread(
    {
      origin: clock.origin,
      nodes: nodes.map((node) => {
        const { name, system, host, port, keyTag = "" } = node;
        return {
          ...{
            name,
            host,
            port,
            keyTag,
            control: node.role === "control",
            writes: takesWrites(node),
            reads: node.outside?.reads ?? true,
          },
          info: system.commands.info(),
          unansweredAtMost: system.unansweredAtMost ?? null,
          named: system.workerThreads !== undefined,
        };
      }),
      plan: {
        ...settings,
        login: options.login ?? {},
      },
    },
    signal,
    onReport,
    (reason) => {
      if (stopping) return;
      emit({ type: "note", about: "watchdog", text: `the probe thread ended: ${reason}` });
      for (const watch of watches.values()) watch.blind(`the probe thread ended: ${reason}`);
    },
  );
  const ours = new OurConnections(clock);
  const self = new SelfCheck(clock.now());
  const watches = new Map(
    nodes.map((node) => [node.name, new NodeWatch(node, options, starvation, thread.order, ours)]),
  );

  setImmediate(() => {
    const reports = early ?? [];
    early = null;
    for (const report of reports) onReport(report);
  });

  const everySecond = (): void => {
    const now = clock.now();
    if (now - lastReport > REPORT_LATE) {
      const due = lastReport + REPORT_EVERY;
      self.probeDelayed(now - due);
      starvation.unreported(due, now);
    }
    for (const watch of watches.values()) watch.second(now);
    const beside = options.others && { others: options.others() };
    emit({ type: "self", t: now, ...self.take(now, starvation), ...beside });
  };
  const timer = setInterval(() => {
    // Reports that wait in the queue of a late main thread come first.
    setImmediate(() => {
      if (!stopping) everySecond();
    });
  }, SECOND);

  const stop = (): Promise<void> => {
    stopping ??= (async () => {
      clearInterval(timer);
      signal.removeEventListener("abort", onAbort);
      everySecond();
      await thread.stop();
    })();
    return stopping;
  };
  const onAbort = (): void => void stop();
  signal.addEventListener("abort", onAbort, { once: true });

  const watch = (name: string): NodeWatch => {
    const found = watches.get(name);
    if (!found) throw new ChaosError("internal", `the watchdog knows no node "${name}"`);
    return found;
  };
  return {
    verdict: (node) => watch(node).verdict,
    state: (node) => watch(node).state,
    cover: async () => {
      await Promise.all([...watches.values()].map((each) => each.cover.establish()));
    },
    measure: () => {
      starvation.measure();
      for (const each of watches.values()) each.measure();
    },
    calibrated: () => {
      starvation.calibrate();
      for (const each of watches.values()) each.calibrate();
    },
    quiesce: () => {
      for (const each of watches.values()) each.quiesce();
    },
    stop,
  };
}
