import type { EventOf, EventType, JournalEvent } from "./events.ts";
import type { History } from "./history.ts";
import { type Plan, planIn } from "./plan.ts";

/** The whole journal of one run, already read and indexed by type. Checks and reports are pure functions of it. */
export interface RunRecord {
  readonly events: readonly JournalEvent[];
  /** Last moment of the journal, ms. */
  readonly end: number;
  /** Number of the torn last line that a killed harness left, or null when the journal ends cleanly. */
  readonly tornLine: number | null;
  /** What the recorded loads did, read beside the journal (history/read-run.ts); empty where only the journal was read. */
  readonly history: History;
  /** Of its `run` event, with defaults for what came later; null: there is none that this version understands. */
  readonly plan: Plan | null;
  of<T extends EventType>(type: T): readonly EventOf<T>[];
  first<T extends EventType>(type: T): EventOf<T> | undefined;
  last<T extends EventType>(type: T): EventOf<T> | undefined;
}

/** Indexes events that are already in memory. Keeps their order. */
export function recordOf(
  events: readonly JournalEvent[],
  { tornLine = null, history = [] }: { tornLine?: number | null; history?: History } = {},
): RunRecord {
  const byType = new Map<EventType, JournalEvent[]>();
  let end = 0;
  for (const event of events) {
    if (event.t > end) end = event.t;
    const list = byType.get(event.type);
    if (list) list.push(event);
    else byType.set(event.type, [event]);
  }
  const of = <T extends EventType>(type: T): readonly EventOf<T>[] => (byType.get(type) ?? []) as EventOf<T>[];
  let plan: Plan | null | undefined;
  return {
    events,
    end,
    tornLine,
    history,
    get plan() {
      if (plan === undefined) plan = planIn(of("run")[0]);
      return plan;
    },
    of,
    first: (type) => of(type)[0],
    last: (type) => of(type).at(-1),
  };
}
