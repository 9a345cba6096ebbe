import { groupBy } from "../../base/group-by.ts";
import type { EventOf, EventType, JournalEvent } from "../events.ts";
import { type Plan, planIn } from "../plan.ts";

/** Types of events that are about one node. */
export type NodeEventType = Extract<JournalEvent, { node: string }>["type"];

/** The events of a journal, found by their type, and the plan that they carry out. */
export interface EventIndex {
  readonly events: readonly JournalEvent[];
  /** Last moment of the journal, ms. */
  readonly end: number;
  /** Of its `run` event, with defaults for what came later; null: there is none that this version understands. */
  readonly plan: Plan | null;
  of<T extends EventType>(type: T): readonly EventOf<T>[];
  /** Those about one node. @param node null: about none, so there are none */
  ofNode<T extends NodeEventType>(type: T, node: string | null): readonly EventOf<T>[];
  first<T extends EventType>(type: T): EventOf<T> | undefined;
  last<T extends EventType>(type: T): EventOf<T> | undefined;
}

/** Indexes events that are already in memory. Keeps their order. */
export function indexOf(events: readonly JournalEvent[]): EventIndex {
  const byType = groupBy(events, ({ type }) => type);
  const of = <T extends EventType>(type: T): readonly EventOf<T>[] => (byType.get(type) ?? []) as EventOf<T>[];
  const byNode = new Map<NodeEventType, Map<string, JournalEvent[]>>();
  const nodesOf = (type: NodeEventType) => {
    const nodes = byNode.get(type) ?? groupBy<JournalEvent & { node: string }, string>(of(type), ({ node }) => node);
    byNode.set(type, nodes);
    return nodes;
  };
  let plan: Plan | null | undefined;
  return {
    events,
    end: events.reduce((last, { t }) => Math.max(last, t), 0),
    get plan() {
      if (plan === undefined) plan = planIn(of("run")[0]);
      return plan;
    },
    of,
    ofNode: <T extends NodeEventType>(type: T, node: string | null) =>
      ((node === null ? undefined : nodesOf(type).get(node)) ?? []) as EventOf<T>[],
    first: (type) => of(type)[0],
    last: (type) => of(type).at(-1),
  };
}
