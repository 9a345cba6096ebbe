import type { Topology } from "../../journal/topology.ts";

/** A server, a sentinel, a controller or the controllers' store. */
export interface Member {
  name: string;
  role: "master" | "replica" | "sentinel" | "controller" | "store";
  /** Whom a replica follows at first; null: nobody. */
  master: string | null;
}

/** Names under which a topology speaks of all nodes of a role. */
export const ROLE_NAMES = {
  masters: "master",
  replicas: "replica",
  sentinels: "sentinel",
  controllers: "controller",
} as const;

/** How many replicas each master has; 0 for those that a list leaves out. */
export function replicasOf({ masters, replicas }: Pick<Topology, "masters" | "replicas">): number[] {
  return Array.from({ length: masters }, (_, i) => (typeof replicas === "number" ? replicas : (replicas[i] ?? 0)));
}

/** m1, m2, …; r1, r2, … first those of m1, then those of m2; s1, s2, …; c1, c2, … and store */
export function membersOf(topology: Topology): Member[] {
  const { masters, chain, sentinels, controllers = 0 } = topology;
  const alone =
    (role: Member["role"]) =>
    (name: string): Member => ({ name, role, master: null });
  const numbered = (letter: string, count: number) => Array.from({ length: count }, (_, i) => `${letter}${i + 1}`);
  const names = numbered("m", masters);
  let number = 0;
  const replicas = replicasOf(topology).flatMap((count, of) =>
    Array.from({ length: count }, (_, i): Member => {
      // In each line the first follows the master.
      const master = i % chain === 0 ? (names[of] ?? null) : `r${number}`;
      number += 1;
      return { name: `r${number}`, role: "replica", master };
    }),
  );
  return [
    ...names.map(alone("master")),
    ...replicas,
    ...numbered("s", sentinels).map(alone("sentinel")),
    ...numbered("c", controllers).map(alone("controller")),
    ...(controllers > 0 ? ["store"] : []).map(alone("store")),
  ];
}

/** What its role and the node itself have that others have not. */
export function ownOf({ nodes }: Topology, { name, role }: Member): Topology["nodes"][string] {
  const roleName = (Object.keys(ROLE_NAMES) as (keyof typeof ROLE_NAMES)[]).find((key) => ROLE_NAMES[key] === role);
  const [ofRole = {}, ofNode = {}] = [roleName && nodes[roleName], nodes[name]];
  const systems = [...new Set([...Object.keys(ofRole.config ?? {}), ...Object.keys(ofNode.config ?? {})])] as System[];
  const merged = systems.map((system) => [system, { ...ofRole.config?.[system], ...ofNode.config?.[system] }]);
  const config = merged.length === 0 ? {} : { config: Object.fromEntries(merged) };
  return { ...ofRole, ...ofNode, ...config };
}
type System = keyof NonNullable<Topology["nodes"][string]["config"]>;
