import type { EventOf, Finding } from "../../journal/events.ts";
import type { RunRecord } from "../../journal/record.ts";
import type { Ruler } from "../../journal/ruler.ts";
import type { Judged } from "../check.ts";
import { type Departure, departureOf } from "../crash/departure.ts";
import { electionLines } from "../roles/election-lines.ts";
import { lastViews, ownersNamed, shardName } from "../roles/role-views.ts";

type Topology = EventOf<"topology">;

/** An election that has not begun this long after the last master went is not what the loss of the majority prevented. */
const ELECTION_MS = 30_000;

/**
 * Every shard that nobody is master of after recovery: its master ended, by itself or by a fault, and nobody was elected, or those
 * who live do not claim it. Where a live node of the shard did not answer, it may be the master: that is for others to doubt.
 * Shards that the experiment itself left without a master are no finding, but to be said: remarks.
 * @param roles what each server said last of its role, after recovery; without those that did not tell
 */
export function judgeVacancies(
  record: RunRecord,
  topology: Topology,
  recovered: number,
  roles: ReadonlyMap<string, string>,
): Required<Judged> {
  const ruler = record.view.ruler;
  const views = lastViews(record, recovered);
  const judged: Required<Judged> = { findings: [], unknown: [], remarks: [] };
  topology.masters.forEach((master, index) => {
    const members = membersOf(record, topology, index);
    const gone = new Map(members.map((node) => [node, departureOf(record, node)]));
    const alive = members.filter((node) => !gone.get(node));
    if (ruler === "servers") {
      const claimed = [...views.values()].some(({ claims }) => claims.includes(index + 1));
      if (claimed || alive.some((node) => !views.has(node))) return;
    } else {
      // One that lives is judged by what it says of itself.
      if (!gone.get(master) || alive.some((node) => roles.get(node) === "master")) return;
      if (ruler !== "operator" && alive.some((node) => !roles.has(node))) return;
    }
    const vacancy = { record, topology, index, master, ruler, gone, alive, views, roles };
    const wish = asked(vacancy);
    if (wish === null) judged.findings.push(finding(vacancy));
    else judged.remarks.push(wish);
  });
  return judged;
}

interface Vacancy {
  record: RunRecord;
  topology: Topology;
  index: number;
  master: string;
  ruler: Ruler;
  /** Every node of the shard → how it ended, or null. */
  gone: ReadonlyMap<string, Departure | null>;
  alive: readonly string[];
  views: ReturnType<typeof lastViews>;
  roles: ReadonlyMap<string, string>;
}

/** Nodes that were master of this shard, or replica of such a one, at any time of the run. */
function membersOf(record: RunRecord, topology: Topology, index: number): string[] {
  const members = new Set<string>();
  const topologies = [...record.of("topology"), topology];
  const masters = new Set(topologies.map((one) => one.masters[index] ?? ""));
  for (const { replicaOf } of topologies) {
    for (const [replica, master] of Object.entries(replicaOf)) if (masters.has(master)) members.add(replica);
  }
  for (const one of masters) if (one !== "") members.add(one);
  return [...members].sort();
}

/** Why a shard without master is what the experiment asked for; null: it is not. */
function asked(vacancy: Vacancy): string | null {
  const { record, topology, master, ruler, gone, alive } = vacancy;
  const departure = gone.get(master) ?? null;
  const what = shardName(topology, vacancy.index, ruler);
  if (ruler === "operator") {
    return departure?.taken ? `${what} has no master: ${master} ${departure.words}, as the experiment asks` : null;
  }
  const ways = [...gone].map(([node, one]) => `${node} ${one?.words}`).join(", ");
  if (alive.length === 0 && [...gone.values()].every((one) => one?.taken)) {
    return `${what} has no master, for the experiment took all its servers away: ${ways}`;
  }
  if (ruler === "controllers") return rulersTaken(record, what);
  const voters =
    ruler === "servers"
      ? topology.masters
      : record.view.nodes.filter(({ role }) => role === "sentinel").map(({ name }) => name);
  const lost = majorityLost(record, voters);
  if (!departure?.taken || lost === null || lost > departure.t + ELECTION_MS) return null;
  const who = ruler === "servers" ? "masters" : "sentinels";
  return `${what} has no master, and nobody could be elected: the experiment took away so many ${who} that no majority of ${voters.length} was left`;
}

/** All controllers are gone by the experiment's doing, or their store is; null: neither. When it came about is judged by the check failovers. */
function rulersTaken(record: RunRecord, what: string): string | null {
  const { names, store } = record.last("cluster")?.controllers ?? { names: [], store: "" };
  const isTaken = (node: string) => record.view.leftDown(node) || (departureOf(record, node)?.taken ?? false);
  const gone = isTaken(store) ? [store] : names.every(isTaken) ? names : [];
  return gone.length === 0
    ? null
    : `${what} has no master, and nobody could give it one: the experiment took ${gone.join(", ")} away`;
}

/** When the experiment had taken away so many voters that the others are no majority; null: it has not. */
function majorityLost(record: RunRecord, voters: readonly string[]): number | null {
  const times = voters
    .map((node) => departureOf(record, node))
    .filter((one) => one?.taken)
    .map((one) => one?.t ?? 0)
    .sort((a, b) => a - b);
  const spare = voters.length - (Math.floor(voters.length / 2) + 1);
  return times[spare] ?? null;
}

function finding(vacancy: Vacancy): Finding {
  const { record, topology, index, master, ruler, gone, alive } = vacancy;
  const departure = gone.get(master) ?? null;
  const what = shardName(topology, index, ruler);
  const since = departure?.t ?? topology.t;
  const others = [...gone.keys()].filter((node) => node !== master);
  const { lines, word } = electionLines(record, since, others);
  const why = departure ? `${master} ${departure.words}` : `${master} lives and does not claim it`;
  const elected = ruler === "operator" ? [] : [heirs(others, gone)];
  const logs = ruler === "operator" ? [] : [word ?? "no log tells of an election"];
  return {
    type: "split-brain",
    class: ruler === "servers" ? "no-claimant" : "no-master",
    node: master,
    from: departure?.t ?? vacancy.views.get(master)?.t ?? topology.t,
    to: null,
    summary: `${what} has no master after recovery: ${[why, ...elected, ...logs].join("; ")}.`,
    proof: null,
    evidence: [],
    detail: {
      ...(ruler === "operator" ? {} : { shard: index + 1 }),
      slots: topology.slots?.[index] ?? null,
      master,
      gone: Object.fromEntries([...gone].flatMap(([node, one]) => (one ? [[node, one.words]] : []))),
      alive,
      observed: observed(vacancy),
      lines,
    },
  };
}

/** "its replica r1 was not elected", "its replica r1 ended by itself at 9.0 s". */
function heirs(others: readonly string[], gone: Vacancy["gone"]): string {
  if (others.length === 0) return "it had no replica";
  const words = others.map((node) => `${node} ${gone.get(node)?.words ?? "was not elected"}`);
  return `of its replicas ${words.join(", ")}`;
}

/** What those who can be asked say, in words. */
function observed({ ruler, index, views, roles, alive }: Vacancy): string {
  const said = ownersNamed(views, index, ruler);
  const own = alive.filter((node) => roles.has(node)).map((node) => `${node} says that it is a ${roles.get(node)}`);
  return [...said, ...own].join("; ") || "nobody is left to ask";
}
