import { Counter, Gauge, Registry } from "prom-client";
import { version } from "../../base/version.ts";
import type { JournalEvent } from "../../journal/events.ts";
import { LatencyHistogram } from "./latency-histogram.ts";
import { RUN_GAUGES } from "./run-gauges.ts";
import { RunState } from "./run-state.ts";

/*
 *   events of runs ─┬─► counters: over all runs, as long as kvchaos goes on
 *                   └─► RunState of each run that goes on ─► gauges, set when somebody asks
 */

const OF_RUN = ["experiment", "image"] as const;

/** Help, and labels beside those of the run. */
const COUNTERS = {
  runs_total: ["Runs that ended, by verdict", ["verdict"]],
  findings_total: ["Findings", ["type", "class"]],
  load_operations_total: ["Operations of loads: ok, fail (not done), info (nobody knows)", ["load", "outcome"]],
  load_errors_total: ["Operations that failed, or of which nobody knows, by the kind of error", ["load", "error"]],
  probes_total: ["Questions of the watchdog that were sent, answered, and lost", ["node", "kind", "step"]],
  faults_total: ["Steps of faults: inject, injected, healed, inject-failed, heal-failed, not-fired", ["fault", "step"]],
} as const;
type CounterName = keyof typeof COUNTERS;

/** What Prometheus is told of the runs of this process. */
export class RunMetrics {
  readonly #registry = new Registry();
  readonly #runs = new Map<string, RunState>();
  readonly #counters: Record<CounterName, Counter>;
  readonly #latency: LatencyHistogram;
  readonly #night: Gauge;

  constructor() {
    const counters = Object.entries(COUNTERS).map(([name, [help, labels]]) => {
      const of = { name: `kvchaos_${name}`, help, labelNames: [...OF_RUN, ...labels], registers: [this.#registry] };
      return [name, new Counter(of)] as const;
    });
    this.#counters = Object.fromEntries(counters) as Record<CounterName, Counter>;
    this.#latency = new LatencyHistogram(
      "kvchaos_load_latency_seconds",
      "How long operations of loads took",
      [...OF_RUN, "load"],
      this.#registry,
    );
    this.#gauge("info", "The version of kvchaos", ["version"], (gauge) => gauge.set({ version }, 1));
    this.#gauge("runs_going", "Runs that go on", [], (gauge) => gauge.set(this.#runs.size));
    this.#night = this.#gauge("night_experiments", "Experiments of the night, each on one image, by outcome", [
      "outcome",
    ]);
    for (const { name, help, labels, values } of RUN_GAUGES) {
      this.#gauge(name, help, ["run", ...OF_RUN, ...labels], (gauge) => {
        gauge.reset();
        for (const run of this.#runs.values()) {
          const { runId, experiment, image } = run.names;
          for (const [own, value] of values(run))
            if (value !== null) gauge.set({ run: runId, experiment, image, ...own }, value);
        }
      });
    }
  }

  #gauge(name: string, help: string, labelNames: string[], set?: (gauge: Gauge) => void): Gauge {
    const collect = set && { collect: (): void => set(gauge) };
    const gauge: Gauge = new Gauge({
      name: `kvchaos_${name}`,
      help,
      labelNames,
      registers: [this.#registry],
      ...collect,
    });
    return gauge;
  }

  onEvent(event: JournalEvent, runId: string): void {
    if (event.type === "run") this.#runs.set(runId, new RunState(event));
    const run = this.#runs.get(runId);
    if (!run) return;
    run.see(event);
    const { experiment, image } = run.names;
    this.#count(event, { experiment, image });
  }

  /** The run is over, however it ended. */
  forget(runId: string): void {
    this.#runs.delete(runId);
  }

  /** @param outcomes of the night's experiments: "not-run" of those to come */
  night(outcomes: readonly string[]): void {
    this.#night.reset();
    for (const outcome of outcomes) this.#night.inc({ outcome });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** As Prometheus reads it. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #count(event: JournalEvent, of: Record<string, string>): void {
    const add = (name: CounterName, labels: Record<string, string>, by: number): void => {
      this.#counters[name].inc({ ...of, ...labels }, by);
    };
    switch (event.type) {
      case "load": {
        const { load, ok, fail, info, errors, spread } = event;
        for (const [outcome, by] of Object.entries({ ok, fail, info }))
          add("load_operations_total", { load, outcome }, by);
        for (const [error, by] of Object.entries(errors)) add("load_errors_total", { load, error }, by);
        if (spread) this.#latency.count({ ...of, load }, spread);
        return;
      }
      case "probe": {
        const { node, kind, sent, answered, lost } = event;
        for (const [step, by] of Object.entries({ sent, answered, lost }))
          add("probes_total", { node, kind, step }, by);
        return;
      }
      case "fault":
        if (event.step !== "effect" && event.step !== "heal")
          add("faults_total", { fault: event.fault, step: event.step }, 1);
        return;
      case "check":
        for (const finding of event.findings) add("findings_total", { type: finding.type, class: finding.class }, 1);
        return;
      case "verdict":
        add("runs_total", { verdict: event.verdict }, 1);
    }
  }
}
