import { rulerIn } from "../../cluster/shape.ts";
import type { Ruler } from "../../journal/ruler.ts";
import type { ExperimentShape } from "../registries.ts";
import type { Reading } from "./reading.ts";

const CLUSTER = "`mode: cluster`";
const SENTINEL = "`mode: sentinel`";
const CONTROLLER = "`mode: controller`";
/** Who rule where the operator does not. */
const OTHERS: Record<Exclude<Ruler, "operator">, string> = {
  servers: "Redis's servers",
  sentinels: "the sentinels",
  controllers: "the controllers",
};

/** Why a way to change roles (Mention `mode`) does not go with this cluster and these systems; null: it does. */
export function wrongMode(way: string, shape: ExperimentShape, reading: Reading): string | null {
  const rulers = rulersOf(shape, reading);
  const written = writtenOf(shape);
  switch (way) {
    case "replication":
      return written === null ? null : `does not go with a cluster of ${written}`;
    case "operator": {
      const others = othersIn(rulers);
      return others && `does not go with ${written}: there ${others} say who follows whom`;
    }
    case "slots": // words of a command about shards
      return shape.sharded ? null : `goes with a cluster of ${CLUSTER}`;
    case "cluster": // words of a command that only CLUSTERX knows
    case "setnodes":
      if (!shape.sharded) return `goes with a cluster of ${CLUSTER}`;
      if (rulers.includes("operator")) return null;
      if (written === CONTROLLER) return `does not go with ${written}: there the controllers say who follows whom`;
      return `is for kvrocks, and this experiment for ${reading.systems.join(", ")}`;
    case "cluster-failover":
      if (!shape.sharded) return `goes with a cluster of ${CLUSTER}`;
      return rulers.includes("servers") ? null : "goes with `systems: [redis]`: no other has CLUSTER FAILOVER";
    case "controller-failover":
      return written === CONTROLLER ? null : `goes with a cluster of ${CONTROLLER}`;
    default:
      return written === SENTINEL ? null : `goes with a cluster of ${SENTINEL}`;
  }
}

/** Why replicas cannot be made to copy all data here; null: they can. */
export function wrongFullSync(shape: ExperimentShape, reading: Reading): string | null {
  if (shape.replicas.length === 0) return '"force" makes replicas copy all data, and the cluster has none';
  const others = othersIn(rulersOf(shape, reading));
  return others && `"force" does not go with ${writtenOf(shape)}: there ${others} say who follows whom, and how`;
}

/** What is said of the cluster; null: nothing. */
function writtenOf({ sharded = false, sentinels = [], controllers = [] }: ExperimentShape): string | null {
  if (controllers.length > 0) return CONTROLLER;
  return sentinels.length > 0 ? SENTINEL : sharded ? CLUSTER : null;
}

/** Who rules, for each system. */
function rulersOf(shape: ExperimentShape, { systems, registries }: Reading): Ruler[] {
  return systems.map((name) => rulerIn(shape, registries.systems.get(name) ?? {}));
}

function othersIn(rulers: readonly Ruler[]): string | null {
  const other = rulers.find((ruler) => ruler !== "operator");
  return other ? OTHERS[other] : null;
}
