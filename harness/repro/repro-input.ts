import { z } from "zod";
import type { EventOf } from "../journal/events.ts";
import type { RunRecord } from "../journal/record.ts";
import { rulerOf } from "../journal/ruler.ts";
import { systems } from "../systems/registry.ts";
import type { System } from "../systems/system.ts";

const range = z.object({ min: z.number(), max: z.number() });

const load = z.looseObject({
  name: z.string(),
  workload: z.string(),
  on: z.union([z.enum(["masters", "replicas"]), z.array(z.string())]),
  connections: z.number(),
  pipeline: z.number(),
  rate: z.number().nullable(),
  keys: z.number(),
  keyPrefix: z.string(),
  value: range,
  elements: z.number(),
  wait: z.looseObject({ replicas: z.number() }).nullable().default(null),
});
export type PlannedLoad = z.infer<typeof load>;

const benchmark = z.looseObject({ name: z.string(), on: load.shape.on, args: z.array(z.string()) });

const preload = z.looseObject({
  keys: z.number(),
  value: range,
  types: z.array(z.enum(["string", "list", "set", "zset", "hash"])).min(1),
});
export type PlannedPreload = z.infer<typeof preload>;

const trigger = z.discriminatedUnion("kind", [
  z.looseObject({ kind: z.literal("at"), at: z.number() }),
  z.looseObject({ kind: z.literal("after"), after: z.string(), delay: z.number() }),
  z.looseObject({
    kind: z.literal("when"),
    delay: z.number(),
    when: z.discriminatedUnion("kind", [
      z.looseObject({ kind: z.literal("state"), node: z.string(), state: z.string(), progress: z.number().nullable() }),
      z.looseObject({ kind: z.literal("sync-bytes"), node: z.string(), bytes: z.number() }),
      z.looseObject({ kind: z.literal("log"), node: z.string(), pattern: z.string(), nth: z.number().default(1) }),
      z.looseObject({ kind: z.literal("since-start"), node: z.string(), after: z.number() }),
    ]),
  }),
]);
export type PlannedTrigger = z.infer<typeof trigger>;

const fault = z.looseObject({
  id: z.string(),
  fault: z.string(),
  trigger,
  duration: z.number().nullable(),
  params: z.unknown(),
});
export type ReproFault = z.infer<typeof fault>;

/** The parts of a plan that a script is made of, as the journal holds them; whatever else is there is let through. */
const plan = z.looseObject({
  version: z.literal(1),
  experiment: z.looseObject({
    preload: preload.nullable(),
    fullSync: z.literal("force").nullable().default(null),
    load: z.array(load),
    /** Loads that redis-benchmark itself makes. */
    benchmarks: z.array(benchmark).default([]),
    warmUp: z.number(),
    duration: z.number(),
    watchdog: z.looseObject({ hangLimit: z.number().nullable() }),
    recovery: z.looseObject({ within: z.number() }),
    checks: z.array(z.string()),
  }),
  faults: z.array(fault),
});

/** Names of services (docker/compose.ts): they stand in paths and in double quotes. */
const NAME = /^[a-z0-9][a-z0-9_-]*$/;

export interface ReproNode {
  name: string;
  role: "master" | "replica";
  /** Whom it follows at first; null for a master. */
  master: string | null;
  launch: NonNullable<EventOf<"cluster">["nodes"][number]["launch"]>;
}

/** Everything that a script is made of. */
export interface ReproInput {
  run: EventOf<"run">;
  system: System;
  plan: z.infer<typeof plan>;
  nodes: readonly ReproNode[];
  /** The masters share the key space. */
  sharded: boolean;
}

/** @returns why there can be no script, for a run that ended before its servers were there or whose journal is of another version */
export function reproInput(record: RunRecord): ReproInput | { why: string } {
  const run = record.first("run");
  const cluster = record.last("cluster");
  if (!run || !cluster) return { why: "the run ended before its servers were started" };
  const system = systems.get(run.system);
  if (!system) return { why: `this version of kvchaos does not know the system ${run.system}` };
  const parsed = plan.safeParse(run.plan);
  if (!parsed.success) return { why: "the journal holds a plan of another version" };
  if (rulerOf(cluster) !== "operator")
    return { why: "its servers or sentinels choose the master themselves, and repro.sh cannot set such a cluster up" };
  // What the Compose file says: the first intention of every run.
  const topology = record.first("topology");
  const nodes = cluster.nodes.flatMap(({ name, role, launch }): ReproNode[] =>
    role === "control" || role === "sentinel" || !launch
      ? []
      : [{ name, role, launch, master: topology?.replicaOf[name] ?? null }],
  );
  if (nodes.some(({ name, master }) => !NAME.test(name) || !NAME.test(master ?? "none")))
    return { why: "its nodes have names that no shell should see" };
  if (nodes.length === 0 || cluster.nodes.some(({ role, launch }) => role !== "control" && !launch))
    return { why: "the journal does not say how its servers were started: an older kvchaos wrote it" };
  return { run, system, plan: parsed.data, nodes, sharded: cluster.mode === "cluster" };
}
