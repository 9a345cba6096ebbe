import type { RunRecord } from "../../journal/record.ts";
import type { Flushes } from "./flushes.ts";
import type { Masters } from "./masters.ts";

/** Nodes whose final reads say nothing. Node → why; null: the experiment itself left it down. */
export function unreadable(record: RunRecord, masters: Masters, flushes: Flushes): Map<string, string | null> {
  const nodes = new Map<string, string | null>();
  for (const node of masters.members.keys()) {
    const why = whyNot(record, node, masters, flushes);
    if (why !== undefined) nodes.set(node, why);
  }
  return nodes;
}

function whyNot(record: RunRecord, node: string, masters: Masters, { alone }: Flushes): string | null | undefined {
  if (record.of("condition").findLast((event) => event.node === node)?.now === "down") return null;
  const flush = alone.get(node);
  if (flush !== undefined) return `${flush} was sent to ${node}, which was not the master: what it holds is not judged`;
  const state = record.of("node-state").findLast((event) => event.node === node)?.state;
  if (!state || masters.isMasterAt(node, Infinity)) return undefined;
  const what = state.loading ? "it is loading its dataset" : state.syncing ? "it is in a full sync" : undefined;
  const behind = what ?? (state.role === "replica" && state.link === "down" ? "its link is down" : undefined);
  return behind && `${node} has not caught up with its master (${behind}): what it holds is not judged`;
}
