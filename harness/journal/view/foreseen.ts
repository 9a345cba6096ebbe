import { groupBy } from "../../base/group-by.ts";
import type { EventOf } from "../events.ts";
import type { LongWait, Prediction } from "../prediction.ts";
import type { EventIndex } from "./event-index.ts";

/** A deadlock that did not happen and can. */
export interface ForeseenDeadlock {
  /** As it was told last, of the node on which its sides came closest. */
  prediction: Prediction;
  /** Every node on which it can happen, that one first. */
  nodes: readonly string[];
  /** Why the experiment says that it is no news; null: it does not. */
  known: string | null;
  /** What became of it in later runs; null: none has tried to make it real. */
  fate: Pick<EventOf<"confirmation">, "tries" | "pauses" | "closest" | "made"> | null;
  /** The first and the last moment at which a side was seen, run ms. */
  from: number;
  to: number;
}

/** What the library in the servers has shown of their locks, and what it has not. */
export interface Foreseen {
  /** News first, the closest first. */
  deadlocks: readonly ForeseenDeadlock[];
  /** The run tries to make this one real, and what else it foretells is told by the run before it; null: it is an ordinary run. */
  confirms: string | null;
  /** The longest first. */
  waits: readonly { node: string; wait: LongWait }[];
  /** Of the processes whose graph was read, in the end: the files have all of it. */
  graphs: readonly { node: string; executable: string; threads: number; dependencies: number; file: string }[];
  /** Where more would have been seen, had there been room: "m1 (kvrocks): …". */
  lost: readonly string[];
  /** Why the locks of servers were not seen, all or some: sentences without a full stop. */
  unseen: readonly string[];
}

/** null: nobody asked for the servers' locks. */
export function foreseenIn(journal: EventIndex): Foreseen | null {
  const graphs = lastOf(journal.of("lock-graph"), ({ node, pid, executable }) =>
    JSON.stringify([node, pid, executable]),
  );
  const told = journal.of("prediction");
  const waits = lastOf(journal.of("long-wait"), ({ node, wait }) =>
    JSON.stringify([node, wait.thread, wait.for, wait.site.module, wait.site.offset]),
  );
  const wanted = journal.plan?.experiment.locks === true;
  if (!wanted && graphs.length === 0 && told.length === 0 && waits.length === 0) return null;
  const read = new Set(graphs.map(({ node }) => node));
  return {
    deadlocks: deadlocksOf(journal),
    confirms: journal.plan?.experiment.confirms?.signature ?? null,
    waits: waits.map(({ node, wait }) => ({ node, wait })).sort((a, b) => b.wait.longest - a.wait.longest),
    graphs,
    lost: [
      ...new Set(
        graphs.flatMap(({ node, executable, lost }) => lost.map((what) => `${node} (${executable}): ${what}`)),
      ),
    ],
    unseen: unseenOf(journal, read),
  };
}

function deadlocksOf(journal: EventIndex): ForeseenDeadlock[] {
  const known = new Map(journal.plan?.experiment.known.map(({ prediction, why }) => [prediction, why]));
  const fates = new Map(journal.of("confirmation").map((fate) => [fate.signature, fate]));
  const last = lastOf(journal.of("prediction"), ({ node, prediction }) => JSON.stringify([node, prediction.signature]));
  const all = [...groupBy(last, ({ prediction }) => prediction.signature)].map(
    ([signature, some]): ForeseenDeadlock => {
      const byGap = [...some].sort((a, b) => gapOf(a.prediction) - gapOf(b.prediction));
      const [first = some[0]] = byGap;
      const moments = some.flatMap(({ prediction }) => prediction.sides.flatMap(({ at }) => at));
      const own = moments.length > 0 ? moments : some.map(({ t }) => t);
      return {
        prediction: (first as (typeof some)[number]).prediction,
        nodes: byGap.map(({ node }) => node),
        known: known.get(signature) ?? null,
        fate: fates.get(signature) ?? null,
        from: own.reduce((least, at) => Math.min(least, at)),
        to: own.reduce((most, at) => Math.max(most, at)),
      };
    },
  );
  const rank = ({ known: why }: ForeseenDeadlock) => (why === null ? 0 : 1);
  return all.sort((a, b) => rank(a) - rank(b) || gapOf(a.prediction) - gapOf(b.prediction));
}

function gapOf({ gap }: Prediction): number {
  return gap ?? Number.MAX_VALUE;
}

/** What was said of the same thing again and again counts as it was said last. */
function lastOf<E>(events: readonly E[], key: (event: E) => string): E[] {
  return [...new Map(events.map((event) => [key(event), event])).values()];
}

function unseenOf(journal: EventIndex, read: ReadonlySet<string>): string[] {
  const servers = (journal.last("cluster")?.nodes ?? []).filter(({ role }) => role === "master" || role === "replica");
  const without = servers.map(({ name }) => name).filter((name) => !read.has(name));
  if (without.length === 0 && read.size > 0) return [];
  const reasons = journal.of("note").filter(({ about }) => about === "locks");
  if (read.size === 0 && reasons.length > 0) return [...new Set(reasons.map(({ text }) => text))];
  if (journal.plan?.experiment.locks === false) return ["the experiment does not ask for the servers' locks"];
  return without.length === 0 ? ["no lock graph was read"] : [`no lock graph of ${without.join(", ")} was read`];
}
