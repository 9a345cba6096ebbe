import type { NodeState } from "../../journal/events.ts";
import type { Topology } from "../cluster.ts";

/**
 * In which role a server is another than it should be; null: in none.
 * @param nodeAt whom an address means that a server shows
 */
export function deviationOf(
  name: string,
  { role, masterHost, masterPort }: Pick<NodeState, "role" | "masterHost" | "masterPort">,
  { masters, replicaOf }: Readonly<Topology>,
  nodeAt: (host: string, port: number) => string | null,
): string | null {
  const master = replicaOf[name];
  if (master === undefined)
    return role === "master" || !masters.includes(name) ? null : "should be a master and is not";
  if (role !== "replica") return `should replicate from ${master} and is a ${role}`;
  if (masterHost === null || masterPort === null)
    return `should replicate from ${master} and does not say from whom it does`;
  const followed = nodeAt(masterHost, masterPort);
  if (followed === master) return null;
  return `should replicate from ${master} and replicates from ${followed ?? `${masterHost}:${masterPort}`}`;
}
