import { availableParallelism } from "node:os";
import type { ComposeFile } from "../docker/compose.ts";
import type { Plan } from "../journal/plan.ts";
import type { Needs, Places } from "./side-by-side.ts";
import { ownDisk } from "./start-cluster.ts";

const MB = 1024 ** 2;
/** kvchaos itself with its threads, Toxiproxy, set-up and report. */
const BASE = { cores: 0.3, memory: 400 * MB };
const NODE = { cores: 0.02, memory: 60 * MB };
/** Operations per second that one core carries, from the generator through the links to the server. */
const CORE_RATE = 25_000;
/** Copies of the data: in memory, on disk caches, in a snapshot. */
const COPIES = 3;

/** What a plan needs. A port that its Compose file fixes, and the host's disk under nodes' own disks, are there only once. */
export function needsOf({ experiment, faults }: Plan, { services }: Pick<ComposeFile, "services">): Needs {
  const ports = services.flatMap((service) => service.ports.flatMap(({ host }) => (host === null ? [] : [host])));
  const disk = ownDisk({ faults });
  const { load, benchmarks, preload } = experiment;
  const pressure = load.reduce((sum, { rate }) => sum + (rate === null ? 1 : rate / CORE_RATE), benchmarks.length);
  const data = preload === null ? 0 : preload.keys * preload.value.max * COPIES;
  return {
    claims: [...ports.map((port) => `port ${port}`), ...(disk === null ? [] : ["disk"])],
    alone: false,
    cores: BASE.cores + services.length * NODE.cores + pressure,
    memory: BASE.memory + services.length * (NODE.memory + data),
  };
}

/** So many runs for each core: a run waits most of its time. */
const PER_CORE = 2;

/** As many as were asked for, come what may; or (`auto`) as many as this machine carries. */
export function placesFor(jobs: number | "auto"): Places {
  if (jobs !== "auto") return { jobs, cores: Number.POSITIVE_INFINITY, memory: Number.POSITIVE_INFINITY };
  const cores = availableParallelism();
  return { jobs: PER_CORE * cores, cores, memory: process.availableMemory() };
}
