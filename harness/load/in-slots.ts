import type { LoadSpec, PreloadSpec } from "../journal/plan.ts";
import { workloadNamed } from "./workloads/registry.ts";

/** Slots of a shard in which keys are, unless it is said. */
const SLOTS = 8;
/** Of a workload some of whose commands wait for another client: connections for each slot. */
const CONNECTIONS_EACH = 4;

/** In how many slots of each shard a load's keys are where masters share the key space. */
export function slotsOfLoad(
  { slots, workload, connections, rate, keys }: Pick<LoadSpec, "slots" | "workload" | "connections" | "rate" | "keys">,
  shards: number,
): number {
  const own = connectionsOfShard({ connections }, shards);
  const forWaiting = Math.max(1, Math.floor(own / CONNECTIONS_EACH));
  const most = workloadNamed(workload).blocks ? forWaiting : rate === null ? own : SLOTS;
  return slots ?? Math.min(SLOTS, keys, most);
}

/** The same of the preload: each slot gets keys of all its types. */
export function slotsOfPreload({ slots, keys, types }: Pick<PreloadSpec, "slots" | "keys" | "types">): number {
  return slots ?? Math.min(SLOTS, Math.ceil(keys / types.length));
}

/** A shard's part of a load's connections. */
export function connectionsOfShard({ connections }: Pick<LoadSpec, "connections">, shards: number): number {
  return Math.max(1, Math.round(connections / shards));
}
