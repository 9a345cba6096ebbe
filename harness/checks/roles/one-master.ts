import type { EventOf, Finding } from "../../journal/events.ts";
import { type Check, resultOf, unknownBecause } from "../check.ts";
import { departureOf } from "../crash/departure.ts";
import { leftOut } from "../left-out.ts";
import { judgeVacancies } from "../service/vacancies.ts";
import { judgeViews } from "./role-views.ts";

export const oneMaster: Check = {
  name: "one-master",
  summary:
    "After recovery exactly the nodes that the operator made masters, the servers or sentinels agreed on, or the controllers say, say that they are masters, and every shard has one.",
  check(record) {
    const topology = record.last("topology");
    const recovered = record.view.recoveryEnd;
    if (!topology) return unknownBecause("the journal does not say who was meant to be master");
    if (recovered === undefined) return unknownBecause("the run did not get through a recovery phase");

    const statesOf = (node: string) => record.ofNode("node-state", node).filter(({ t }) => t <= record.view.watchEnd);
    const nodes = new Set([...topology.masters, ...Object.keys(topology.replicaOf)]);
    // What a process said that has ended since is no role.
    const roles = new Map(
      [...nodes].flatMap((node) => {
        const last = statesOf(node).at(-1);
        const told = last && last.t >= recovered && !departureOf(record, node) && last.state.role !== "unknown";
        return told ? [[node, last.state.role] as const] : [];
      }),
    );
    const { findings, remarks } = judgeVacancies(record, topology, recovered, roles);
    const ended = (node: string) => findings.some(({ detail }) => Object.hasOwn(detail?.gone ?? {}, node));
    // What the experiment says of a node's role counts for more than what the topology has come to.
    const expected = record.plan?.experiment.expectRoles ?? {};
    const excused = (node: string) => record.view.leftDown(node) || ended(node) || expected[node] === "any";
    const views = judgeViews(record, topology, recovered, excused);
    const judged = { findings: [...findings, ...views.findings], unknown: views.unknown };
    const told = judged.findings.map(({ node }) => node);
    const masters = [...nodes].filter((node) => roles.get(node) === "master");
    for (const node of nodes) {
      if (excused(node) || told.includes(node)) continue;
      const role = roles.get(node);
      const wanted = expected[node];
      const meant = wanted === undefined ? (topology.masters.includes(node) ? "master" : "replica") : roleOf(wanted);
      if (role === undefined) judged.unknown.push(`${node} did not tell its role after recovery`);
      else if (role !== meant) {
        const reason = wanted === undefined ? topology.reason : "expect-roles";
        judged.findings.push(finding(node, meant, statesOf(node), masters, { ...topology, reason }));
      } else if (wanted !== undefined && !["master", "replica", topology.replicaOf[node]].includes(wanted)) {
        judged.findings.push(otherMaster(node, wanted, topology));
      }
    }
    return resultOf({
      ...judged,
      remarks: [...remarks, ...leftOut([...nodes].filter((node) => record.view.leftDown(node)))],
    });
  },
};

/** "master", "replica", or the name of the master that a replica is to follow. */
function roleOf(wanted: string): "master" | "replica" {
  return wanted === "master" ? "master" : "replica";
}

/** A replica that is to follow another one. */
function otherMaster(node: string, wanted: string, { t, replicaOf, reason }: EventOf<"topology">): Finding {
  return {
    ...{ type: "split-brain", class: "other-master", node, from: t, to: null, proof: null, evidence: [] },
    summary: `${node} should follow ${wanted} (expect-roles) and follows ${replicaOf[node] ?? "nobody"} after recovery (${reason}).`,
  };
}

function finding(
  node: string,
  meant: "master" | "replica",
  states: readonly EventOf<"node-state">[],
  masters: readonly string[],
  topology: EventOf<"topology">,
): Finding {
  const wrong = states.slice(states.findLastIndex((event) => event.state.role === meant) + 1);
  const from = Math.max(topology.t, wrong[0]?.t ?? topology.t);
  const saying =
    masters.length === 0 ? "no node says it is master" : `master according to themselves: ${masters.join(", ")}`;
  return {
    type: "split-brain",
    class: meant === "replica" ? "two-masters" : masters.length === 0 ? "no-master" : "wrong-master",
    node,
    from,
    to: null,
    summary: `${node} should be ${meant} (${topology.reason}) and says ${meant === "master" ? "replica" : "master"} after recovery; ${saying}.`,
    proof: null,
    evidence: [],
    detail: {
      masters,
      meant: topology.masters,
      replicaOf: topology.replicaOf,
      observed: `INFO of ${node}: role ${wrong.at(-1)?.state.role ?? "unknown"}; meant: masters ${topology.masters.join(", ")}.`,
    },
  };
}
