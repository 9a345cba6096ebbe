import type { Cluster } from "../cluster/cluster.ts";
import { slotOf } from "../cluster/slots.ts";
import type { KeySpace } from "../journal/loads/key-space.ts";
import { loadInSlot } from "../journal/loads/load-in-slot.ts";
import { isDirect, type LoadSpec } from "../journal/plan.ts";
import { connectionsOfShard, slotsOfLoad } from "../load/in-slots.ts";
import type { LoadTarget } from "../load/load.ts";

/** One load, or the part of it whose keys are in one slot. */
export interface PlacedLoad {
  spec: LoadSpec;
  /** Under which name the journal counts what it does, together with the others of that name: a shard's parts. */
  told: string;
  /** Of its keys; null: every master has all keys. */
  slot: number | null;
  /** Where it goes right now. */
  targets(): LoadTarget[];
  /** The nodes that have, or should have, its keys right now. */
  nodes(): string[];
  /**
   * Its keys' slot is this node's now, as a server said. False: the node is of the shard that the slot is in, whose master the topology
   * will name; true: the slot is another shard's, and the load with it.
   */
  moveTo(node: string): boolean;
}

/** The nodes that get a load right now. */
export function loadNodes(cluster: Cluster, on: LoadSpec["on"]): readonly string[] {
  const { masters, replicaOf } = cluster.topology;
  return on === "masters" ? masters : on === "replicas" ? Object.keys(replicaOf).sort() : on;
}

/** Where a load goes right now: through the client links that a fault can touch, so that clients see what it does to them. */
export function loadTargets(cluster: Cluster, spec: Pick<LoadSpec, "on" | "via">): LoadTarget[] {
  return loadNodes(cluster, spec.on).map((node) => {
    const { host, port } = isDirect(spec, node) ? cluster.node(node).direct : cluster.link("client", node).published;
    return { node, host, port };
  });
}

/**
 * The loads as they are put on the cluster. In cluster mode each is split into equal parts, so many per shard (`slots`), whose keys
 * carry a hash tag of their own ("{s1}set:17"): its clients talk to the nodes only that have that slot.
 * Of several databases, or namespaces, each has its part, too, under names of its own ("db1:set:17").
 */
export function placeLoads(
  cluster: Cluster,
  specs: readonly LoadSpec[],
  spaces: readonly KeySpace[] = [],
): PlacedLoad[] {
  const names = cluster.nodes.map(({ name }) => name);
  if (!cluster.sharded) {
    return specs
      .flatMap((whole) => keySpaceParts(whole, spaces))
      .map((spec) => ({
        spec,
        told: spec.name,
        slot: null,
        targets: () => loadTargets(cluster, spec),
        nodes: () => names,
        moveTo: () => false,
      }));
  }
  const { masters } = cluster.topology;
  return specs.flatMap((spec) => {
    const slots = slotsOfLoad(spec, masters.length);
    const connections = connectionsOfShard(spec, masters.length);
    return masters.flatMap((master, shard) => {
      const told = `${spec.name}-shard${shard + 1}`;
      return cluster.keyTags(master, slots).map((tag, i): PlacedLoad => {
        const slot = slotOf(tag);
        const name = slots === 1 ? told : loadInSlot(told, slot);
        const part = {
          ...{ name, keyPrefix: `${tag}${spec.keyPrefix}`, keys: share(spec.keys, slots, i) },
          ...{
            slots,
            connections: share(connections, slots, i),
            rate: spec.rate && spec.rate / masters.length / slots,
          },
        };
        return { spec: { ...spec, ...part }, told, slot, ...placeOf(cluster, spec, master) };
      });
    });
  });
}

/** The i-th of so many nearly equal shares, at least 1. */
function share(whole: number, of: number, i: number): number {
  return Math.max(1, Math.floor(whole / of) + (i < whole % of ? 1 : 0));
}

/** Where the part of a load goes whose keys are in one slot, which is in the shard of a master now. */
function placeOf(cluster: Cluster, spec: LoadSpec, master: string): Pick<PlacedLoad, "targets" | "nodes" | "moveTo"> {
  /** The first tag of the shard that has its slot: by it nodes of one shard are known. */
  let home = cluster.keyTag(master);
  const isAtHome = (node: string): boolean => cluster.keyTag(node) === home;
  return {
    targets: () => loadTargets(cluster, spec).filter(({ node }) => isAtHome(node)),
    nodes: () => cluster.nodes.map(({ name }) => name).filter(isAtHome),
    moveTo: (node) => {
      const moved = !isAtHome(node);
      home = cluster.keyTag(node);
      return moved;
    },
  };
}

/** A load in equal parts, one for each key space. */
export function keySpaceParts(spec: LoadSpec, spaces: readonly KeySpace[]): LoadSpec[] {
  if (spaces.length < 2) return [spec];
  return spaces.map((space) => ({
    ...spec,
    name: `${spec.name}-${space.name}`,
    space,
    keyPrefix: `${space.name}:${spec.keyPrefix}`,
    connections: Math.max(1, Math.round(spec.connections / spaces.length)),
    rate: spec.rate === null ? null : spec.rate / spaces.length,
  }));
}
