import type { EventOf } from "../../journal/events.ts";
import type { LoadSpec, PlannedExperiment } from "../../journal/plan.ts";
import type { RunRecord } from "../../journal/record.ts";

/*
 *   plan (on: masters, allow) ─┐
 *   topology, load-moved ──────┼─► whom a load means now, and which refusals are no fault of the one that refuses
 *   nodes left down ───────────┘
 */

/** Whom a load means at the end of what was seen. */
export interface ServiceGoal {
  /** Error kinds that the experiment takes for service. */
  allow: readonly string[];
  /** Nodes that should serve it, without those that the experiment took away for good; null: not known. */
  targets: readonly string[] | null;
  /** They are as many as in the warm-up, so that each still has its clients: one of which nothing is heard is silent. */
  steady: boolean;
  /** Is such a refusal what this node has to say, as the experiment left it? null: nobody knows which node. */
  isRightful(node: string | null, kind: string): boolean;
  /** Its operations are unknown after so long, ms. */
  timeout: number;
  /** A program of its own, which may be stuck or between two tests of its own accord. */
  isTool: boolean;
}

/** What is known of a run: a record's, or as much of it as has happened. */
export interface ServiceSource {
  /** What the plan says of loads; undefined: nobody knows. */
  readonly experiment: Pick<PlannedExperiment, "allow" | "load" | "benchmarks"> | undefined;
  topologies: readonly EventOf<"topology">[];
  moved: readonly EventOf<"load-moved">[];
  /** End of the warm-up, run ms. */
  warmUpEnd: number | null;
  /** Nodes that the experiment left down. */
  down: readonly string[];
}

/** run/load-targets.ts calls them so. */
const PART = /^-(?:shard|db)(\d+)$/;
/** A replica says so to whoever writes to it. */
const OF_REPLICAS: readonly string[] = ["READONLY", "MOVED"];
/** Time for connecting again once an operation was given up. */
const AGAIN_MS = 1_000;

export function sourceOf(record: RunRecord): ServiceSource {
  const nodes = new Set(record.of("condition").map(({ node }) => node));
  return {
    experiment: record.plan?.experiment,
    topologies: record.of("topology"),
    moved: record.of("load-moved"),
    warmUpEnd: record.view.phase("warm-up")?.to ?? null,
    down: [...nodes].filter((name) => record.view.leftDown(name)),
  };
}

export function goalOf(load: string, source: ServiceSource): ServiceGoal {
  const { experiment, topologies, moved, warmUpEnd, down } = source;
  const planned = experiment?.load.find(({ name }) => belongsTo(load, name));
  const tool = experiment?.benchmarks.find(({ name }) => name === load);
  const on = planned?.on ?? tool?.on;
  const now = topologies.at(-1);
  const then = topologies.findLast(({ t }) => warmUpEnd !== null && t <= warmUpEnd) ?? topologies[0];
  // The last one of each slot.
  const lastMoves = new Map(moved.filter((one) => one.load === load).map((one) => [one.slot, one]));
  const meantBy = (there: EventOf<"topology"> | undefined) => (on && there ? meant(on, there) : null);
  const all = meantBy(now);
  const home = planned && then ? homeOf(load, planned.name, [...lastMoves.values()], then) : null;
  const here = all?.filter((node) => home === null || home.includes(node)) ?? null;
  const replicaOf = now?.replicaOf ?? {};
  return {
    allow: experiment?.allow ?? [],
    targets: here?.filter((node) => !down.includes(node)) ?? null,
    steady: lastMoves.size === 0 && all !== null && meantBy(then)?.length === all.length,
    isRightful: (node, kind) => isRightful(node, kind, replicaOf, down),
    timeout: planned?.timeout ?? 0,
    isTool: tool !== undefined,
  };
}

/** Long enough for an operation that was sent before to be given up, and for another one to be answered. ms */
export function patienceFor({ timeout }: Pick<ServiceGoal, "timeout">): number {
  return timeout + AGAIN_MS;
}

function isRightful(
  node: string | null,
  kind: string,
  replicaOf: Readonly<Record<string, string>>,
  down: readonly string[],
): boolean {
  const master = node === null ? undefined : replicaOf[node];
  if (master !== undefined && OF_REPLICAS.includes(kind)) return true;
  if (kind === "CLUSTERDOWN") return down.length > 0;
  if (kind === "MASTERDOWN") return node === null ? down.length > 0 : master !== undefined && down.includes(master);
  if (kind === "NOREPLICAS") return down.some((one) => (node === null ? true : replicaOf[one] === node));
  return false;
}

/** In cluster mode every shard has its part of a load: "set-shard2" of "set"; of several databases each: "set-db1". */
export function belongsTo(load: string, planned: string): boolean {
  return load === planned || (load.startsWith(planned) && PART.test(load.slice(planned.length)));
}

/** The nodes of the shards that have slots of a shard's part of a load; null: it is no part. @param moves the last one of each slot that was moved */
function homeOf(
  load: string,
  name: string,
  moves: readonly EventOf<"load-moved">[],
  { masters, replicaOf }: EventOf<"topology">,
): string[] | null {
  if (load === name) return null;
  if (!load.startsWith(`${name}-shard`)) return null;
  const first = masters[Number(PART.exec(load.slice(name.length))?.[1]) - 1];
  if (first === undefined) return null;
  const { slots = 1 } = moves[0] ?? {};
  const homes = [...(moves.length < slots ? [first] : []), ...moves.map(({ to }) => to)];
  const shards = new Set(homes.map((node) => replicaOf[node] ?? node));
  return [...shards].flatMap((master) => [
    master,
    ...Object.keys(replicaOf).filter((replica) => replicaOf[replica] === master),
  ]);
}

function meant(on: LoadSpec["on"], { masters, replicaOf }: EventOf<"topology">): readonly string[] {
  return on === "masters" ? masters : on === "replicas" ? Object.keys(replicaOf).sort() : on;
}
