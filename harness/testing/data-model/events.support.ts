import type { JournalEvent } from "../../journal/events.ts";
import { state } from "../record-fixture.support.ts";

/** Numbers of nodes in the model are places in this list. */
export const NODES = ["m1", "r1", "r2"];

export interface ModelFlush {
  id: string;
  node: number;
  invoked: number;
  /** When the server carries it out; Infinity: never. */
  executed: number;
  /** null: the client never hears of it. */
  acknowledged: number | null;
  failed: string | null;
}

/** When which node is replaced or killed; Infinity: never. */
export interface Upheavals {
  /** r1 is meant to be master from then on. */
  promoted: number;
  /** The master of that time is killed. */
  killed: number;
}

/** From the intention to the promotion, and from it to the demotion of the old master, ms. */
export const PROMOTION = 20;
/** How long a killed master is down, ms. */
export const DOWN = 400;

/** What a run's journal says of it: topologies, roles, kills, flushes. */
export function eventsOf(flushes: readonly ModelFlush[], { promoted, killed }: Upheavals): JournalEvent[] {
  const events: JournalEvent[] = [
    { t: 1000, type: "topology", masters: ["m1"], replicaOf: { r1: "m1", r2: "m1" }, reason: "setup" },
    state(11_000, "m1", "master"),
    state(11_000, "r1", "replica"),
    ...flushes.map(
      ({ node, executed: _, ...rest }): JournalEvent => ({
        t: rest.acknowledged ?? rest.invoked,
        type: "flush",
        command: "FLUSHALL",
        node: NODES[node] as string,
        ...rest,
      }),
    ),
  ];
  for (const { id, node, invoked, executed, failed } of flushes) {
    const at = failed === null && executed !== Infinity ? executed + (executed % 20) : null;
    const seen = { type: "flush-effect", id, node: NODES[node] as string, at } as const;
    // Of some nobody looked for the effect.
    if (Math.floor(invoked) % 2 === 0) events.push({ ...seen, t: at ?? invoked + 10_000, until: invoked + 10_000 });
  }
  if (promoted !== Infinity) {
    const replicaOf = { m1: "r1", r2: "r1" };
    events.push({ t: promoted, type: "topology", masters: ["r1"], replicaOf, reason: "switch: r1 is master" });
    events.push(state(promoted + 10, "r1", "replica"), state(promoted + PROMOTION + 200, "r1", "master"));
    events.push(state(promoted + 2 * PROMOTION + 200, "m1", "replica"));
  }
  if (killed !== Infinity) {
    const node = promoted < killed ? "r1" : "m1";
    const fault = { type: "fault" as const, id: "kill-1", fault: "kill", targets: [node] };
    const container = { type: "container", node, exitCode: 137, ours: true } as const;
    events.push(
      { ...fault, t: killed - 1, step: "inject", targets: [] },
      { ...fault, t: killed + 5, step: "injected" },
    );
    events.push({ ...container, t: killed + 30, action: "die" }, { ...container, t: killed + DOWN, action: "start" });
    events.push({ ...fault, t: killed + DOWN + 50, step: "healed", targets: [] });
  }
  const master = promoted === Infinity ? "m1" : "r1";
  for (const node of NODES) events.push(state(54_000, node, node === master ? "master" : "replica"));
  return events;
}
