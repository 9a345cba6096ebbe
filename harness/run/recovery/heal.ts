import { messageOf } from "../../base/chaos-error.ts";
import { compareNodes } from "../../cluster/compare/compare.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import type { NodeCondition, NodeState } from "../../journal/events.ts";
import { type Aftermath, inTrouble } from "./aftermath.ts";
import { closeSlots } from "./close-slots.ts";

/*
 *   look: role, master, offset, slots of every node ─► heal the faults ─► look again
 *     └─ where the experiment's own commands put it? the topology follows
 *     └─ else not where it should be? compare its data, then tell it    ─► `repair` events
 *
 * Heal repairs, it does not wash: what a server did to itself must still be there when the checks look.
 */

const LOOK_MS = 2_000;
const ROLE_MS = 5_000;
/** Data that takes longer to compare is not compared before it is overwritten. */
const COMPARE_MS = 5_000;
/** Asking these would only wait. */
const SILENT: readonly NodeCondition[] = ["dead", "deadlocked", "livelocked", "unresponsive"];

export type HealOptions = Omit<Aftermath, "states" | "service" | "clock"> & Pick<Experiment, "reconcile">;

/** Heals every fault, and repairs what is not where it should be. What was before is journaled first. Rejects only with the signal's reason. */
export async function heal(options: HealOptions): Promise<void> {
  const { cluster, runner, signal } = options;
  // An interrupt must not keep a fault in place.
  await journalBefore(options).finally(() => runner.healAll());
  signal.throwIfAborted();
  // Servers and sentinels see to their roles themselves.
  if (cluster.ruler === "operator") await healRoles(options);
  await closeSlots(options);
}

async function healRoles(options: HealOptions): Promise<void> {
  const { cluster, moves, reconcile, signal } = options;
  // The operator's word is above the experiment's own commands.
  if (reconcile !== "operator") moves.adopt(await look(options));
  if (reconcile === "none") return;
  const { masters, replicaOf } = cluster.topology;
  for (const names of [masters, Object.keys(replicaOf)]) {
    const told = names.filter((name) => !options.claims.abandoned().includes(name));
    await Promise.all(told.map((name) => repair(options, name)));
    signal.throwIfAborted();
  }
}

/** What each node says of itself; one that does not answer is left out. */
async function look({ cluster, watchdog, claims, signal }: HealOptions): Promise<Map<string, NodeState>> {
  const asked = cluster.nodes.filter(
    ({ name }) => claims.of(name) === null && !SILENT.includes(watchdog.verdict(name).condition),
  );
  const states = await Promise.all(
    asked.map(async (node) => {
      const state = await node.state({ within: LOOK_MS, signal }).catch(() => null);
      return [node.name, state] as const;
    }),
  );
  signal.throwIfAborted();
  return new Map(states.flatMap(([name, state]) => (state ? [[name, state]] : [])));
}

async function journalBefore(options: HealOptions): Promise<void> {
  const { cluster, emit } = options;
  for (const [node, state] of await look(options)) {
    const { role, masterHost, masterPort, link, offset } = state;
    const master = masterHost === null || masterPort === null ? null : cluster.nodeAt(masterHost, masterPort);
    const slots = await cluster.claimedSlots(node, { within: LOOK_MS }).catch(() => null);
    emit({ type: "before-heal", node, role, master, link, offset, slots });
  }
}

async function repair(options: HealOptions, name: string): Promise<void> {
  const { cluster, watchdog, reconcile, emit, signal } = options;
  const { condition } = watchdog.verdict(name);
  const isHeld = options.claims.of(name) !== null;
  if (SILENT.includes(condition) || isHeld) {
    const why = isHeld ? "a fault that could not be healed holds it" : `it is ${condition}`;
    emit({ type: "note", about: name, text: `its role was not looked at while healing: ${why}`, kind: "not-healed" });
    return;
  }
  try {
    const wrong = await cluster.deviation(name, { within: ROLE_MS, signal });
    if (wrong === null && reconcile === "minimal") return;
    const master = cluster.topology.replicaOf[name];
    if (master !== undefined) await compareBefore(options, master, name);
    await cluster.tellRole(name, { within: ROLE_MS, signal, by: "heal", why: wrong ?? "reconcile: operator" });
  } catch (error) {
    signal.throwIfAborted();
    const text = `its role could not be set while healing: ${messageOf(error)}`;
    emit({ type: "note", about: name, text, kind: "not-healed" });
  }
}

/** What a replica holds that is about to take over its master's data: the difference is overwritten then. */
async function compareBefore(options: HealOptions, master: string, replica: string): Promise<void> {
  const { cluster, watchdog, emit, signal } = options;
  if ([master, replica].some((name) => inTrouble(watchdog, name) !== null)) return;
  const comparison = await compareNodes(cluster, master, replica, { within: COMPARE_MS, signal });
  emit({ type: "comparison", ...comparison, before: "heal" });
}
