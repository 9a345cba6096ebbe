import type { ExperimentShape } from "../registries.ts";

/** Systems whose servers agree among themselves who is master, in cluster mode. */
const GOSSIP = ["redis"];

/** Why a way to change roles (Mention `mode`) does not go with this cluster and these systems; null: it does. */
export function wrongMode(way: string, { mode = null }: ExperimentShape, systems: readonly string[]): string | null {
  const written = `\`x-kvchaos: {mode: ${mode}}\``;
  switch (way) {
    case "replication":
      return mode === null ? null : `does not go with a cluster of ${written} in its Compose file`;
    case "operator":
      return selfRuled(mode, systems)
        ? `does not go with ${written}: there ${rulers(mode)} say who follows whom`
        : null;
    case "slots": // words of a command about shards
      return mode === "cluster" ? null : "goes with a cluster of `x-kvchaos: {mode: cluster}` in its Compose file";
    case "cluster": // words of a command that only CLUSTERX knows
    case "setnodes":
      if (mode !== "cluster") return "goes with a cluster of `x-kvchaos: {mode: cluster}` in its Compose file";
      return systems.every((one) => GOSSIP.includes(one))
        ? `is for kvrocks, and this experiment for ${systems.join(", ")}`
        : null;
    case "cluster-failover":
      if (mode !== "cluster") return "goes with a cluster of `x-kvchaos: {mode: cluster}` in its Compose file";
      return systems.every((one) => GOSSIP.includes(one))
        ? null
        : "goes with `systems: [redis]`: no other has CLUSTER FAILOVER";
    default:
      return mode === "sentinel" ? null : "goes with a cluster of `x-kvchaos: {mode: sentinel}` in its Compose file";
  }
}

/** Why replicas cannot be made to copy all data here; null: they can. */
export function wrongFullSync({ mode = null, replicas }: ExperimentShape, systems: readonly string[]): string | null {
  if (replicas.length === 0) return '"force" makes replicas copy all data, and the cluster has none';
  if (!selfRuled(mode, systems)) return null;
  return `"force" does not go with \`x-kvchaos: {mode: ${mode}}\`: there ${rulers(mode)} say who follows whom, and how`;
}

function selfRuled(mode: ExperimentShape["mode"], systems: readonly string[]): boolean {
  return mode === "sentinel" || (mode === "cluster" && systems.some((one) => GOSSIP.includes(one)));
}

const rulers = (mode: ExperimentShape["mode"]): string => (mode === "sentinel" ? "the sentinels" : "Redis's servers");
