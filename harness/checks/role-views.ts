import type { EventOf, Finding } from "../journal/events.ts";
import type { RunRecord } from "../journal/record.ts";

type View = EventOf<"role-view">;
type Topology = EventOf<"topology">;

/** What was found in the views, at most one finding for a node, and who did not tell his. */
export interface Views {
  findings: Finding[];
  unknown: string[];
}

/**
 * Where servers or sentinels choose the masters: each shard has one server that says it is its master, the one that they agreed
 * on, and nobody who has a say names another.
 * @param leftDown a fault stopped this node for ever: it need not tell anything
 */
export function judgeViews(
  record: RunRecord,
  topology: Topology,
  recovered: number,
  leftDown: (node: string) => boolean,
): Views {
  const cluster = record.last("cluster");
  const judged: Views = { findings: [], unknown: [] };
  const ruler = cluster?.ruledBy ?? "operator";
  if (ruler === "operator") return judged;
  const last = new Map<string, View>();
  for (const view of record.of("role-view")) if (view.t >= recovered) last.set(view.node, view);
  const wanted = (role: string) =>
    ruler === "sentinels" ? role === "sentinel" : role === "master" || role === "replica";
  for (const { name, role } of cluster?.nodes ?? []) {
    if (wanted(role) && !last.has(name) && !leftDown(name)) {
      judged.unknown.push(`${name} did not tell whom it takes for master after recovery`);
    }
  }
  for (const view of last.values()) {
    const found = strangeClaim(view, topology, last) ?? otherOwner(view, topology, ruler);
    if (found) judged.findings.push(found);
  }
  if (ruler === "servers") judged.findings.push(...orphans(topology, last));
  return judged;
}

/** It says that it is master of a shard that is another's. */
function strangeClaim(view: View, topology: Topology, last: ReadonlyMap<string, View>): Finding | null {
  const shard = view.claims.find((one) => topology.masters[one - 1] !== view.node);
  if (shard === undefined) return null;
  const master = topology.masters[shard - 1] ?? "?";
  const both = last.get(master)?.claims.includes(shard) ?? false;
  const epochs = [view, last.get(master)].map((one) => one?.shards.find((s) => s.shard === shard)?.epoch ?? "unknown");
  return {
    ...splitBrain(view, both ? "two-claimants" : "wrong-claimant"),
    summary: `${view.node} says after recovery that it is master of shard ${shard}, which is ${master}'s (${topology.reason})${both ? ", and so does that one" : ""}.`,
    proof: `Config epochs that they see: ${epochs[0]} (${view.node}), ${epochs[1]} (${master}).`,
    detail: { shard, master, claimants: both ? [view.node, master] : [view.node] },
  };
}

/** It takes somebody else for master than more than half do. */
function otherOwner(view: View, topology: Topology, ruler: string): Finding | null {
  const wrong = view.shards.find(({ shard, owner }) => owner !== topology.masters[shard - 1]);
  if (!wrong) return null;
  const what = ruler === "sentinels" ? "the master" : `master of shard ${wrong.shard}`;
  return {
    ...splitBrain(view, "disagreement"),
    summary: `${view.node} takes ${wrong.owner ?? "nobody of this cluster"} for ${what} after recovery; the others agreed on ${topology.masters[wrong.shard - 1]} (${topology.reason}).`,
    proof: `Config epoch that it sees: ${wrong.epoch ?? "none"}.`,
    detail: { shard: wrong.shard, owner: wrong.owner, agreed: topology.masters[wrong.shard - 1] },
  };
}

/** Shards of which nobody says that he is the master, though their master was asked. */
function orphans({ masters }: Topology, last: ReadonlyMap<string, View>): Finding[] {
  return masters.flatMap((master, i) => {
    const view = last.get(master);
    const claimed = [...last.values()].some(({ claims }) => claims.includes(i + 1));
    if (!view || claimed) return [];
    return {
      ...splitBrain(view, "no-claimant"),
      summary: `Nobody says after recovery that he is master of shard ${i + 1}, which they agreed to be ${master}'s.`,
      proof: null,
      detail: { shard: i + 1, master },
    };
  });
}

function splitBrain(
  { node, t }: View,
  kind: string,
): Pick<Finding, "type" | "class" | "node" | "from" | "to" | "evidence"> {
  return { type: "split-brain", class: kind, node, from: t, to: null, evidence: [] };
}
