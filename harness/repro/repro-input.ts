import type { EventOf } from "../journal/events.ts";
import type { Plan } from "../journal/plan.ts";
import type { RunRecord } from "../journal/record.ts";
import { rulerOf } from "../journal/ruler.ts";
import { systems } from "../systems/registry.ts";
import type { System } from "../systems/system.ts";

/** Names of services (docker/compose.ts): they stand in paths and in double quotes. */
const NAME = /^[a-z0-9][a-z0-9_-]*$/;

export interface ReproNode {
  name: string;
  role: "master" | "replica";
  /** Whom it follows at first; null for a master. */
  master: string | null;
  /** null: the run's. */
  image: string | null;
  launch: NonNullable<EventOf<"cluster">["nodes"][number]["launch"]>;
}

/** Everything that a script is made of. */
export interface ReproInput {
  run: EventOf<"run">;
  system: System;
  plan: Plan;
  nodes: readonly ReproNode[];
  /** The masters share the key space. */
  sharded: boolean;
}

/** @returns why there can be no script, for a run that ended before its servers were there or whose journal is of another version */
export function reproInput(record: RunRecord): ReproInput | { why: string } {
  const run = record.first("run");
  const cluster = record.last("cluster");
  if (!run || !cluster) return { why: "the run ended before its servers were started" };
  if (cluster.attached)
    return { why: "LEFT OUT: its servers were there, and the journal does not say how they were started" };
  const system = systems.get(run.system);
  if (!system) return { why: `this version of kvchaos does not know the system ${run.system}` };
  const { plan } = record;
  if (!plan) return { why: "the journal holds a plan of another version" };
  if (rulerOf(cluster) !== "operator")
    return {
      why: "its servers, sentinels or controllers choose the master themselves, and repro.sh cannot set such a cluster up",
    };
  const helpers = cluster.nodes.filter(({ role }) => role === "helper").map(({ name }) => name);
  if (helpers.length > 0) return { why: `beside its servers ran ${helpers.join(", ")}, which repro.sh cannot set up` };
  // What the Compose file says: the first intention of every run.
  const topology = record.first("topology");
  const nodes = cluster.nodes.flatMap(({ name, role, image, launch }): ReproNode[] =>
    (role !== "master" && role !== "replica") || !launch
      ? []
      : [{ name, role, image: image === run.image ? null : image, launch, master: topology?.replicaOf[name] ?? null }],
  );
  if (nodes.some(({ name, master }) => !NAME.test(name) || !NAME.test(master ?? "none")))
    return { why: "its nodes have names that no shell should see" };
  if (nodes.length === 0 || cluster.nodes.some(({ role, launch }) => role !== "control" && !launch))
    return { why: "the journal does not say how its servers were started: an older kvchaos wrote it" };
  return { run, system, plan, nodes, sharded: cluster.mode === "cluster" };
}
