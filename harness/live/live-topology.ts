import type { NodeState } from "../journal/events.ts";
import { type Address, nameOf } from "./discover.ts";

export interface LiveTopology {
  masters: string[];
  replicaOf: Record<string, string>;
}

/**
 * Who is master and who follows whom, as the servers themselves say; one that says nothing yet is in neither.
 * @param inside addresses under which replicas know a server → its name here
 */
export function topologyOf(
  states: ReadonlyMap<string, NodeState>,
  inside: ReadonlyMap<string, string> = new Map(),
): LiveTopology {
  const masters: string[] = [];
  const replicaOf: Record<string, string> = {};
  for (const [name, { role, masterHost, masterPort }] of states) {
    if (role === "master") masters.push(name);
    if (role !== "replica" || masterHost === null || masterPort === null) continue;
    const master = knownAs({ host: masterHost, port: masterPort }, states, inside);
    if (master !== null) replicaOf[name] = master;
  }
  return { masters, replicaOf };
}

/** A master by the address that its replica names, which may be another one of the same host. */
function knownAs(
  address: Address,
  states: ReadonlyMap<string, NodeState>,
  inside: ReadonlyMap<string, string>,
): string | null {
  const name = nameOf(address);
  const known = inside.get(name);
  if (known !== undefined) return known;
  if (states.has(name)) return name;
  const insideOf = new Map([...inside].map(([own, one]) => [one, own]));
  const samePort = [...states.keys()].filter((one) => (insideOf.get(one) ?? one).endsWith(`:${address.port}`));
  return samePort.length === 1 ? (samePort[0] ?? null) : null;
}

/** "10.0.0.7:6379 is master now, and not 10.0.0.8:6379"; null: nothing has changed. */
export function changeText(before: LiveTopology, now: LiveTopology): string | null {
  const promoted = now.masters.filter((name) => !before.masters.includes(name));
  const demoted = before.masters.filter((name) => !now.masters.includes(name));
  const moved = Object.keys(now.replicaOf).filter((name) => before.replicaOf[name] !== now.replicaOf[name]);
  const parts = [
    ...(promoted.length > 0 ? [`${promoted.join(", ")} ${promoted.length === 1 ? "is" : "are"} master now`] : []),
    ...(demoted.length > 0 ? [`${demoted.join(", ")} ${demoted.length === 1 ? "is" : "are"} master no more`] : []),
    ...moved.filter((name) => !demoted.includes(name)).map((name) => `${name} follows ${now.replicaOf[name]}`),
  ];
  return parts.length === 0 ? null : parts.join("; ");
}
