import type { EventOf, EventType, JournalEvent, Outcomes } from "../journal/events.ts";
import { addOutcomes, NO_OUTCOMES } from "../journal/outcomes.ts";
import type { BenchmarkSpec, LoadSpec } from "../journal/plan.ts";
import type { RunRecord } from "../journal/record.ts";
import type { Planned } from "./plan-fixture.support.ts";
import { condition, event, fixture } from "./record-fixture.support.ts";

/*
 * Test support: the hand-made run of record-fixture.ts with a load, one sample a second from 3 s to 54 s. Warm-up to 10 s, recovered
 * at 50 s.
 */

/** What one second of a load was like on one node. */
export type Second = Partial<Outcomes>;

export interface LoadOptions {
  load?: string;
  /** By node; t is the end of the second, run s. */
  nodes: Readonly<Record<string, (t: number) => Second>>;
  /** Counted of no node. */
  rest?: (t: number) => Second;
  /** As older journals: only what all nodes did together. */
  older?: boolean;
  from?: number;
  to?: number;
}

export const OK =
  (ok = 100) =>
  (): Second => ({ ok });

/** A second in which so many were refused. */
export const refused = (kind: string, fail: number, ok = 0): Second => ({ ok, fail, errors: { [kind]: fail } });
export const lost = (info: number, ok = 0, kind = "timeout"): Second => ({ ok, info, errors: { [kind]: info } });

/** A second that is so from a moment on; until then it served 100. @param from run s */
export const from = (start: number, then: Second, before: Second = { ok: 100 }) => {
  return (t: number): Second => (t > start ? then : before);
};

export function loadSamples({
  load = "set",
  nodes,
  rest,
  older,
  from: first = 3,
  to = 54,
}: LoadOptions): JournalEvent[] {
  const samples: EventOf<"load">[] = [];
  for (let t = first; t <= to; t++) {
    const each = Object.fromEntries(
      Object.entries(nodes).map(([node, second]) => [node, { ...NO_OUTCOMES, ...second(t) }]),
    );
    const all = [...Object.values(each), { ...NO_OUTCOMES, ...rest?.(t) }].reduce(addOutcomes);
    // As the load's threads do: a node of which nothing ended is not named.
    const named = Object.entries(each).filter(([, { ok, fail, info }]) => ok + fail + info > 0);
    samples.push({
      ...{ type: "load", t: t * 1000, load, seconds: 1, ...all },
      ...{ latency: null, connected: 1, connections: 1 },
      ...(older ? {} : { nodes: Object.fromEntries(named) }),
    });
  }
  return samples;
}

/** The plan's words on a load. */
export const planned = (name: string, on: LoadSpec["on"] = "masters", timeout = 1_000): LoadSpec => ({
  ...{
    name,
    workload: "set",
    on,
    via: "link",
    connections: 1,
    pipeline: 1,
    rate: null,
    keys: 1,
    keyPrefix: `${name}:`,
  },
  ...{ value: { min: 1, max: 1 }, elements: 1, timeout, record: false, wait: null },
});
export const plannedTool = (name: string): BenchmarkSpec => ({ name, on: "masters", via: "link", args: [] });

/** A healthy run with loads. @param experiment further keys of the plan's experiment */
export function served(
  loads: readonly LoadOptions[],
  more: readonly JournalEvent[] = [],
  experiment: Planned = {},
  without: readonly EventType[] = [],
): RunRecord {
  const plan = { load: [planned("set")], ...experiment };
  return fixture([...loads.flatMap(loadSamples), ...more], { without, experiment: plan });
}

/** The experiment takes a node away for good. */
export const takenAway = (node: string, t = 20_000): JournalEvent => condition(t, node, "down");

/** m1 and m2 are masters, r1 replicates from m1. */
export const twoMasters = (t = 1_500): JournalEvent => event("topology", t, { masters: ["m1", "m2"] });
