import { addTo } from "../../base/group-by.ts";
import type { EventOf, Finding } from "../../journal/events.ts";
import type { RunRecord } from "../../journal/record.ts";
import { rulerOf } from "../../journal/ruler.ts";
import type { Judged } from "../check.ts";

type View = EventOf<"role-view">;
type Topology = EventOf<"topology">;

/**
 * Where servers, sentinels or controllers choose the masters: whoever says that he is a shard's master is the one that they agreed on, and
 * nobody who has a say names another. Shards that nobody claims are judged in vacancies.ts. All of it is what servers say of
 * themselves and of others: observations, no proofs. At most one finding for a node.
 * @param excused this node need not tell anything: a fault stopped it for ever, or another finding tells of its end
 */
export function judgeViews(
  record: RunRecord,
  topology: Topology,
  recovered: number,
  excused: (node: string) => boolean,
): Judged {
  const cluster = record.last("cluster");
  const judged: Judged = { findings: [], unknown: [] };
  const ruler = rulerOf(cluster);
  if (ruler === "operator") return judged;
  const last = lastViews(record, recovered);
  // Servers that controllers rule are asked what they were told.
  const wanted = (role: string) =>
    ruler === "sentinels" ? role === "sentinel" : role === "master" || role === "replica";
  const controllers = cluster?.controllers?.names ?? [];
  if (ruler === "controllers" && !controllers.some((name) => last.has(name)))
    judged.unknown.push(`no controller (${controllers.join(", ")}) told who is master after recovery`);
  for (const { name, role } of cluster?.nodes ?? []) {
    if (wanted(role) && !last.has(name) && !excused(name)) {
      judged.unknown.push(`${name} did not tell whom it takes for master after recovery`);
    }
  }
  for (const view of last.values()) {
    const found = strangeClaim(view, topology, last) ?? otherOwner(view, topology, ruler);
    if (found) judged.findings.push(found);
  }
  return judged;
}

/** What each node said last, once recovery was over. */
export function lastViews(record: RunRecord, recovered: number): ReadonlyMap<string, View> {
  const last = new Map<string, View>();
  for (const view of record.of("role-view")) if (view.t >= recovered) last.set(view.node, view);
  return last;
}

/** "Shard 1 (slots 0-5460)"; where there is but one, "The cluster". */
export function shardName({ masters, slots }: Topology, index: number, ruler: string): string {
  const own = slots?.[index];
  if (ruler === "sentinels" || (masters.length === 1 && !own)) return "The cluster";
  return ruler === "operator" && !own
    ? `What ${masters[index]} was master of`
    : `Shard ${index + 1}${own ? ` (slots ${own[0]}-${own[1]})` : ""}`;
}

/** "m2, m3, r1 name m1 (config epoch 1)": what is said of one shard's master, equal views together. */
export function ownersNamed(views: ReadonlyMap<string, View>, index: number, ruler: string): string[] {
  const named = new Map<string, string[]>();
  for (const { node, shards, claims } of views.values()) {
    const told = shards.find(({ shard }) => shard === index + 1);
    if (!told) continue;
    const epoch = told.epoch === null ? "" : ` (config epoch ${told.epoch})`;
    const claim = ruler === "sentinels" || !claims.includes(index + 1) ? "" : " and claims it";
    const text = `${told.owner ?? "nobody"}${epoch}${claim}`;
    addTo(named, text, node);
  }
  return [...named].map(([text, nodes]) => {
    return `${nodes.sort().join(", ")} ${nodes.length === 1 ? "names" : "name"} ${text}`;
  });
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
    detail: {
      shard,
      master,
      claimants: both ? [view.node, master] : [view.node],
      observed: `Config epochs that they see: ${epochs[0]} (${view.node}), ${epochs[1]} (${master}).`,
    },
  };
}

/** It takes somebody else for master than more than half do. */
function otherOwner(view: View, topology: Topology, ruler: string): Finding | null {
  const wrong = view.shards.find(({ shard, owner }) => owner !== topology.masters[shard - 1]);
  if (!wrong) return null;
  const what = ruler === "sentinels" ? "the master" : `master of shard ${wrong.shard}`;
  return {
    ...splitBrain(view, "disagreement"),
    summary: `${view.node} takes ${wrong.owner ?? "nobody of this cluster"} for ${what} after recovery; ${ruler === "controllers" ? "the controllers say" : "the others agreed on"} ${topology.masters[wrong.shard - 1]} (${topology.reason}).`,
    detail: {
      shard: wrong.shard,
      owner: wrong.owner,
      agreed: topology.masters[wrong.shard - 1],
      observed: `Config epoch that it sees: ${wrong.epoch ?? "none"}.`,
    },
  };
}

function splitBrain(
  { node, t }: View,
  kind: string,
): Pick<Finding, "type" | "class" | "node" | "from" | "to" | "proof" | "evidence"> {
  return { type: "split-brain", class: kind, node, from: t, to: null, proof: null, evidence: [] };
}
