import type { Cluster } from "../cluster/cluster.ts";
import type { KeySpace } from "../journal/loads/key-space.ts";
import { isDirect, type LoadSpec } from "../journal/plan.ts";
import type { LoadTarget } from "../load/load.ts";

/** One load, or a shard's part of it. */
export interface PlacedLoad {
  spec: LoadSpec;
  /** Where it goes right now. */
  targets(): LoadTarget[];
  /** The nodes that have, or should have, its keys right now. */
  nodes(): string[];
  /**
   * Its keys' slot is this node's now, as a server said. False: the node is of the load's own shard, whose master the topology
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
 * The loads as they are put on the cluster. In cluster mode each is split into equal parts, one per shard, whose keys
 * carry the shard's hash tag ("{s1}set:17"): its clients talk to that shard's nodes only and are never redirected.
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
        targets: () => loadTargets(cluster, spec),
        nodes: () => names,
        moveTo: () => false,
      }));
  }
  const tags = cluster.topology.masters.map((master) => cluster.keyTag(master));
  return specs.flatMap((spec) =>
    tags.map((tag, i): PlacedLoad => {
      /** The tag of the shard that has its slot. */
      let home = tag;
      const isAtHome = (node: string): boolean => cluster.keyTag(node) === home;
      return {
        spec: {
          ...spec,
          name: `${spec.name}-shard${i + 1}`,
          keyPrefix: `${tag}${spec.keyPrefix}`,
          connections: Math.max(1, Math.round(spec.connections / tags.length)),
          rate: spec.rate === null ? null : spec.rate / tags.length,
        },
        targets: () => loadTargets(cluster, spec).filter(({ node }) => isAtHome(node)),
        nodes: () => names.filter(isAtHome),
        moveTo: (node) => {
          const moved = !isAtHome(node);
          home = cluster.keyTag(node);
          return moved;
        },
      };
    }),
  );
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
