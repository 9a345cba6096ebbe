import type { EventOf } from "../../journal/events.ts";
import type { RunRecord } from "../../journal/record.ts";
import type { Flushes } from "./flushes.ts";
import type { Masters } from "./masters.ts";

/** A replica that is well has what its master had so long ago. */
const MOMENT_MS = 2_000;

/** Nodes whose final reads say nothing. Node → why; null: the experiment itself left it down. */
export function unreadableNodes(record: RunRecord, masters: Masters, flushes: Flushes): Map<string, string | null> {
  const nodes = new Map<string, string | null>();
  for (const node of masters.members.keys()) {
    const why = whyNot(record, node, masters, flushes);
    if (why !== undefined) nodes.set(node, why);
  }
  return nodes;
}

function whyNot(record: RunRecord, node: string, masters: Masters, { alone }: Flushes): string | null | undefined {
  if (record.view.leftDown(node)) return null;
  const flush = alone.get(node);
  if (flush !== undefined) return `${flush} was sent to ${node}, which was not the master: what it holds is not judged`;
  const last = record.view.stateAt(node, Infinity);
  if (!last || masters.isMasterAt(node, Infinity)) return undefined;
  const behind = whatIsMissing(record, last);
  return behind && `${node} has not caught up with its master (${behind}): what it holds is not judged`;
}

/** What the last word of a replica says that it has not got yet. */
function whatIsMissing(record: RunRecord, { t, node, state }: EventOf<"node-state">): string | undefined {
  if (state.loading) return "it is loading its dataset";
  if (state.syncing) return "it is in a full sync";
  const master = record.view.replicaOf[node];
  // It cannot catch up with a master that was taken away for good, nor has it to: what only that one had may be lost.
  if (master !== undefined && record.view.leftDown(master)) return undefined;
  if (state.role === "replica" && state.link === "down") return "its link is down";
  const before = master === undefined ? undefined : record.view.stateAt(master, t - MOMENT_MS);
  const produced = before?.state.offset ?? null;
  if (produced === null || state.offset === null || state.offset >= produced) return undefined;
  return `its offset is ${state.offset}, and ${master} had ${produced} before`;
}
