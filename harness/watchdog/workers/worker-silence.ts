import type { EventOf } from "../../journal/events.ts";
import type { ConnectionView } from "../observation.ts";

/** Which of our connections lie on which worker thread of a server. */
export interface WorkerMap {
  /** How many workers it has. */
  workers: number;
  /** Connection number → where it was found. */
  placed: ReadonlyMap<number, Placement>;
}

export interface Placement {
  /** Our side of the connection: another one means that it was opened again, and nobody knows where. */
  localPort: number;
  /** "worker 30276": name and id of the thread on this host, as in the evidence. */
  worker: string;
}

/**
 * Workers that answer, and those of which every connection is silent.
 * @param old a question is unanswered when it is at least this old, ms
 * @returns null when none of the connections can be told any more
 */
export function workerSilence(
  map: WorkerMap,
  connections: readonly ConnectionView[],
  t: number,
  floor: number,
  old: number,
): EventOf<"condition">["workers"] | null {
  const answers = new Map<string, boolean>();
  for (const { number, localPort, askedAt } of connections) {
    const place = map.placed.get(number);
    if (!place || place.localPort !== localPort) continue;
    const silent = askedAt !== null && t - Math.max(askedAt, floor) >= old;
    answers.set(place.worker, !silent || (answers.get(place.worker) ?? false));
  }
  if (answers.size === 0) return null;
  const silent = [...answers].filter(([, answering]) => !answering).map(([worker]) => worker);
  return { of: map.workers, answering: answers.size - silent.length, silent: silent.sort() };
}
