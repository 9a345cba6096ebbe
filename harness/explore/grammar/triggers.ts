import { bytes, maybe, time, weighted } from "./chance.ts";
import type { Field } from "./faults.ts";

/** A fault that comes before in the file. */
export interface Earlier {
  id: string;
  fault: string;
}

type State = "full-sync" | "link-down" | "link-up" | "loading";

/** What a kind of fault brings servers into: who waits for a state that nothing brings waits for nothing. Full syncs: statesFrom. */
const BRINGS: Readonly<Record<string, readonly State[]>> = {
  "switch-master": ["full-sync", "link-down", "link-up"],
  partition: ["link-down", "link-up", "full-sync"],
  pause: ["link-down", "link-up"],
  packets: ["link-down"],
  bandwidth: ["link-down"],
  kill: ["link-down", "loading", "full-sync", "link-up"],
  restart: ["link-down", "loading", "full-sync", "link-up"],
  shutdown: ["link-down", "loading", "full-sync", "link-up"],
};
const WEIGHT: Readonly<Record<State, number>> = { "full-sync": 5, "link-down": 3, "link-up": 1, loading: 1.5 };
/** Where full syncs are to be met. */
const SYNC_WEIGHT = 12;
/** What can come many times a second, each of which the servers have to bear while the one before goes on. */
const STORMS: ReadonlySet<string> = new Set(["switch-master", "command", "duplicate-command", "flushall"]);
/** ms: within it of another fault's effect, most often. */
const CLOSE = 500;
/** Of what is repeated, ms. */
const LATEST_START = 2_000;

/** What these faults bring some server into. */
function statesFrom({ system, mode, replicas, syncs }: Field, others: readonly Earlier[]): State[] {
  if (replicas.length === 0) return [];
  // Kvrocks and Pika go on where they were, unless they are told to copy all data.
  const copies = system === "redis" || mode === "cluster" || syncs;
  const states = new Set(others.flatMap(({ fault }) => BRINGS[fault] ?? []));
  return [...states].filter((state) => copies || state !== "full-sync");
}

/**
 * When a drawn fault starts: in a state or right after another fault rather than at a time, since bugs live there.
 * @param others faults that it may follow
 * @param length of the chaos phase, ms
 * @param fault its kind
 */
export function drawTrigger(
  field: Field,
  others: readonly Earlier[],
  length: number,
  fault: string,
): Record<string, unknown> {
  const { random, replicas, lines, syncs } = field;
  const states = statesFrom(field, others);
  const kind = weighted(random, [
    ["after", others.length > 0 ? 4 : 0],
    ["state", states.length > 0 ? (syncs ? 8 : 5) : 0],
    ["line", others.length > 0 && lines.length > 0 ? 2 : 0],
    ["at", others.length > 0 ? 1 : 3],
    // What brings a full sync had better bring some, each of which the next one meets.
    ["every", syncs && others.length === 0 ? 6 : 1.5],
  ]);
  const delay = (): Record<string, unknown> => (maybe(random, 0.3) ? {} : { delay: time(random, 1, CLOSE) });
  if (kind === "after")
    return { after: random.pick(others).id, ...(maybe(random, 0.2) ? { delay: time(random, CLOSE, 4_000) } : delay()) };
  // Where servers choose their master they need seconds for it.
  if (kind === "every" && STORMS.has(fault) && field.mode === "replication" && maybe(random, 0.5)) {
    const pause = Math.round(random.between(40, 500));
    return {
      every: `${Math.round(pause / 4)}ms..${pause}ms`,
      count: random.int(5, 30),
      start: time(random, 100, LATEST_START),
    };
  }
  if (kind === "every") {
    const pause = Math.round(random.between(250, 2_000));
    const count = Math.max(2, Math.min(random.int(2, 12), Math.floor((length - 2 * LATEST_START) / pause)));
    const every = maybe(random, 0.5) ? `${pause}ms` : `${Math.round(pause / 4)}ms..${pause}ms`;
    return { every, count, start: time(random, 100, LATEST_START) };
  }
  if (kind === "at") return { at: time(random, 100, length * 0.5) };
  const again = maybe(random, 0.3) ? { count: random.int(2, 4) } : {};
  if (kind === "line") {
    const node = random.pick([...field.masters, ...replicas, ...replicas, ...replicas]);
    return { when: { node, log: random.pick(lines) }, ...delay(), ...again };
  }
  const state = weighted(
    random,
    states.map((one) => [one, one === "full-sync" && syncs ? SYNC_WEIGHT : WEIGHT[one]] as const),
  );
  const progress = state === "full-sync" ? drawProgress(field) : {};
  return { when: { node: random.pick([...replicas, "replica"]), state, ...progress }, ...delay(), ...again };
}

/** How far the full sync has come; nothing: it has begun. */
function drawProgress({ random, system, syncs }: Field): Record<string, unknown> {
  if (syncs && maybe(random, 0.35)) return { bytes: bytes(random, 100e3, 4e6) };
  return system === "kvrocks" && maybe(random, 0.5) ? { progress: `${random.int(1, 9) * 10}%` } : {};
}
