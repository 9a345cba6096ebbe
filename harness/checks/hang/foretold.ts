import type { HangEvidence, WaitEdge } from "../../journal/evidence-data.ts";
import type { Predicted } from "../../journal/finding-detail.ts";
import type { PlannedExperiment } from "../../journal/plan.ts";
import type { RunRecord } from "../../journal/record.ts";

type Side = NonNullable<PlannedExperiment["confirms"]>["sides"][number];
type Graph = NonNullable<HangEvidence["graph"]>;

/** What the captures say of a thread. */
interface Thread {
  /** Its name; digits are one "#". */
  pattern: string;
  waits: WaitEdge["kind"] | undefined;
  /** Function names; undefined: nobody asked a debugger. */
  frames: readonly string[] | undefined;
}

/**
 * What the run was made to bring about, where that is what hangs: a proved cycle on its node of threads that are called like those of the
 * prediction, wait for the same kinds of things in the same order, and, where their functions are known, in the same functions. null: it
 * is something else, or nobody foretold anything.
 */
export function foretoldHang(record: RunRecord, node: string, from: number, to: number | null): Predicted | null {
  const confirms = record.plan?.experiment.confirms ?? null;
  if (confirms === null || confirms.node !== node) return null;
  const captures = record.view.captures(node, from, to);
  const frames = new Map(
    captures.flatMap(({ data }) =>
      (data?.groups ?? []).flatMap((group) =>
        group.frames ? group.tids.map((tid) => [tid, group.frames] as const) : [],
      ),
    ),
  );
  const isIt = captures.some(({ data }) => {
    const { graph, threads } = data ?? {};
    if (!graph || !threads) return false;
    const names = new Map(threads.map(({ tid, comm }) => [tid, comm.replace(/\d+/g, "#")]));
    return graph.cycles.some((cycle) => {
      const all = cycle.map((tid): Thread => {
        return { pattern: names.get(tid) ?? "", waits: waitOf(graph, tid, cycle), frames: frames.get(tid) };
      });
      return isCycleOf(all, confirms.sides);
    });
  });
  return isIt ? { run: confirms.run, signature: confirms.signature, pause: confirms.pause } : null;
}

/** What it waits for in the cycle. */
function waitOf({ edges }: Graph, tid: number, cycle: readonly number[]): WaitEdge["kind"] | undefined {
  const next = cycle[(cycle.indexOf(tid) + 1) % cycle.length];
  return edges.find(({ from, to }) => from === tid && to.kind === "thread" && to.tid === next)?.kind;
}

/** A cycle has no beginning. */
function isCycleOf(threads: readonly Thread[], sides: readonly Side[]): boolean {
  if (threads.length !== sides.length) return false;
  return threads.some((_, first) => sides.every((side, i) => isAt(threads[(first + i) % threads.length], side)));
}

function isAt(thread: Thread | undefined, { thread: pattern, waits, place }: Side): boolean {
  if (thread?.pattern !== pattern || !thread.waits?.startsWith(waits)) return false;
  return place === null || thread.frames === undefined || thread.frames.includes(place);
}
