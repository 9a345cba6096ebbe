import type { EventOf, Finding } from "../journal/events.ts";
import type { RunRecord } from "../journal/record.ts";
import type { Check } from "./check.ts";
import type { Judged } from "./hang-rules.ts";
import { leftOut } from "./left-out.ts";
import { resultOf } from "./result.ts";
import { judgeViews } from "./role-views.ts";
import { endOfWatch, isControl, leftDown, recoveryEnd } from "./span.ts";

export const oneMaster: Check = {
  name: "one-master",
  summary:
    "After recovery exactly the nodes that the operator made masters, or the servers or sentinels agreed on, say that they are masters.",
  check(record) {
    const topology = record.last("topology");
    const recovered = recoveryEnd(record);
    if (!topology) return unknown("the journal does not say who was meant to be master");
    if (recovered === undefined) return unknown("the run did not get through a recovery phase");

    const judged: Judged = judgeViews(record, topology, recovered, (node) => leftDown(record, node));
    const told = judged.findings.map(({ node }) => node);
    const states = lastStates(record);
    const nodes = new Set([...topology.masters, ...Object.keys(topology.replicaOf)]);
    const masters = [...nodes].filter((node) => states.get(node)?.at(-1)?.state.role === "master");
    for (const node of nodes) {
      const own = states.get(node) ?? [];
      const last = own.at(-1);
      if (leftDown(record, node) || told.includes(node)) continue;
      if (!last || last.t < recovered || last.state.role === "unknown") {
        judged.unknown.push(`${node} did not tell its role after recovery`);
        continue;
      }
      const meant = topology.masters.includes(node) ? "master" : "replica";
      if (last.state.role !== meant) judged.findings.push(finding(node, meant, own, masters, topology));
    }
    return resultOf({ ...judged, remarks: leftOut([...nodes].filter((node) => leftDown(record, node))) });
  },
};

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
    proof: `INFO of ${node}: role ${wrong.at(-1)?.state.role ?? "unknown"}; meant: masters ${topology.masters.join(", ")}.`,
    evidence: [],
    detail: { masters, meant: topology.masters, replicaOf: topology.replicaOf },
  };
}

function lastStates(record: RunRecord): Map<string, EventOf<"node-state">[]> {
  const end = endOfWatch(record);
  const states = new Map<string, EventOf<"node-state">[]>();
  for (const event of record.of("node-state")) {
    if (event.t > end || isControl(record, event.node)) continue;
    const own = states.get(event.node);
    if (own) own.push(event);
    else states.set(event.node, [event]);
  }
  return states;
}

function unknown(why: string) {
  return { valid: "unknown" as const, why, findings: [] };
}
