import type { RunState } from "./run-state.ts";

type Labels = Readonly<Record<string, string>>;

/** What is so at this moment, of each run that goes on. */
export interface RunGauge {
  name: string;
  help: string;
  /** Beside those of the run: run, experiment, image. */
  labels: readonly string[];
  values(run: RunState): Iterable<[labels: Labels, value: number | null]>;
}

const seconds = (ms: number | null): number | null => (ms === null ? null : ms / 1000);

/** One value of each node; null: it is not known. */
function ofNodes(
  name: string,
  help: string,
  value: (node: RunState["nodes"] extends Map<string, infer Node> ? Node : never) => number | null | undefined,
): RunGauge {
  return {
    name: `node_${name}`,
    help,
    labels: ["node"],
    *values({ nodes }) {
      for (const [node, now] of nodes) yield [{ node }, value(now) ?? null];
    },
  };
}

/** One value of the harness itself. */
function ofSelf(
  name: string,
  help: string,
  label: string,
  values: (self: NonNullable<RunState["self"]>) => Record<string, number | null>,
): RunGauge {
  return {
    name: `self_${name}`,
    help,
    labels: [label],
    *values({ self }) {
      for (const [key, value] of self ? Object.entries(values(self)) : []) yield [{ [label]: key }, value];
    },
  };
}

export const RUN_GAUGES: readonly RunGauge[] = [
  {
    name: "run_phase",
    help: "1 for the phase that a run is in",
    labels: ["phase"],
    values: ({ phase }) => [[{ phase }, 1]],
  },
  {
    name: "faults_active",
    help: "Occurrences of a fault that were injected and not healed so far",
    labels: ["fault"],
    *values({ faults }) {
      const kinds = [...faults.values()];
      for (const fault of new Set(kinds)) yield [{ fault }, kinds.filter((one) => one === fault).length];
    },
  },
  {
    name: "load_connections",
    help: "Connections of a load: those it has, and those it wants",
    labels: ["load", "state"],
    *values({ loads }) {
      for (const [load, { connected, connections }] of loads) {
        yield [{ load, state: "connected" }, connected];
        yield [{ load, state: "wanted" }, connections];
      }
    },
  },
  {
    name: "node_condition",
    help: "1 for the watchdog's verdict on a node",
    labels: ["node", "condition"],
    *values({ nodes }) {
      for (const [node, { condition }] of nodes) yield [{ node, condition }, 1];
    },
  },
  ofNodes("master", "1: it says that it is a master, 0: a replica", ({ state }) =>
    state === null || state.role === "unknown" ? null : Number(state.role === "master"),
  ),
  ofNodes("link_up", "A replica's link with its master, as it says", ({ state }) =>
    state === null || state.link === "none" ? null : Number(state.link === "up"),
  ),
  ofNodes("syncing", "1: a full sync is under way, as it says", ({ state }) => state && Number(state.syncing)),
  ofNodes(
    "replication_offset",
    "Replication offset: bytes, or sequence numbers of Kvrocks",
    ({ state }) => state?.offset,
  ),
  {
    name: "node_replication_lag",
    help: "How far a replica is behind its master at least, by what both said last: bytes, or sequence numbers of Kvrocks",
    labels: ["node"],
    *values(run) {
      for (const node of run.nodes.keys()) yield [{ node }, run.lag(node)];
    },
  },
  ofNodes("alive", "1: its process runs", ({ process }) => process && Number(process.alive)),
  ofNodes("resident_memory_bytes", "Resident memory of its process", ({ process }) => process?.rssBytes),
  ofNodes("cpu_seconds", "Processor time of its process since it began", ({ process }) =>
    seconds(process?.cpuMs ?? null),
  ),
  {
    name: "probe_latency_seconds",
    help: "Answers to the watchdog's questions in the last second or so",
    labels: ["node", "kind", "measure"],
    *values({ nodes }) {
      for (const [node, { probes }] of nodes)
        for (const [kind, { latency }] of probes) {
          if (latency === null) continue;
          const { p50, p99, max } = latency;
          for (const [measure, ms] of Object.entries({ p50, p99, max })) yield [{ node, kind, measure }, ms / 1000];
        }
    },
  },
  {
    name: "probe_oldest_seconds",
    help: "Age of the watchdog's oldest question without an answer",
    labels: ["node", "kind"],
    *values({ nodes }) {
      for (const [node, { probes }] of nodes)
        for (const [kind, { oldest }] of probes) yield [{ node, kind }, oldest / 1000];
    },
  },
  ofSelf(
    "delay_seconds",
    "How late kvchaos itself was in the last second: its main thread, its probe thread, its control probe",
    "of",
    (self) => ({
      main: seconds(self.mainDelay),
      probes: seconds(self.probeDelay),
      control: seconds(self.controlMax),
    }),
  ),
  ofSelf("pressure_percent", "Pressure stall information of the machine, some avg10", "resource", (self) => ({
    cpu: self.cpuPressure,
    memory: self.memoryPressure,
    io: self.ioPressure,
  })),
  {
    name: "self_starved",
    help: "1: kvchaos got too little of the machine to judge anything",
    labels: [],
    *values({ self }) {
      if (self) yield [{}, Number(self.starved)];
    },
  },
];
