import { addTo } from "../../base/group-by.ts";
import { formatDuration } from "../../base/units.ts";
import type { EventOf, Finding } from "../../journal/events.ts";
import type { RunRecord } from "../../journal/record.ts";
import { labelOf } from "../causes.ts";
import { type Check, unknownBecause } from "../check.ts";
import { judgeCrashes } from "../crash/no-crash.ts";
import { evidenceOf } from "../evidence-of.ts";
import { judgeLasting } from "../hang/lasting-conditions.ts";
import { judgeHangs } from "../hang/no-hang.ts";
import { judgeService, notServedIn } from "./serves.ts";

export const recoversWithin: Check = {
  name: "recovers-within",
  summary: "After every fault is healed, all nodes serve and replicate again within the experiment's recovery time.",
  check(record) {
    const recovery = record.last("recovery");
    if (!recovery) return unknownBecause("the run did not get through a recovery phase");
    if (recovery.recovered) return { valid: true, why: null, findings: [] };
    const from = recovery.t - recovery.ms;
    const starved = record.view.tooStarved({ from, to: recovery.t });
    if (starved !== null) {
      return { valid: "unknown", why: `not recovered, but ${starved} of the recovery`, findings: [] };
    }
    const explained = new Map([...misledServers(record, recovery), ...explainedNodes(record)]);
    const waiting = new Map<string, string[]>();
    const reasons: string[] = [];
    for (const { node, what, load } of recovery.waiting) {
      // What clients see is judged to the end, below or by the check that was asked to.
      if (record.view.isControl(node) || load !== undefined) continue;
      const reason = explained.get(node);
      if (reason === undefined) addTo(waiting, node, what);
      else if (!reasons.includes(`${node}: ${reason}`)) reasons.push(`${node}: ${reason}`);
    }
    const findings = [...waiting].map(([node, what]): Finding => {
      const { files, proof } = evidenceOf(record, node, from, null);
      return {
        type: "slow-recovery",
        class: "not-recovered",
        node,
        from,
        to: null,
        summary: `${node} had not recovered ${formatDuration(recovery.within)} after every fault was healed: ${what.join(", ")}.`,
        proof,
        evidence: files,
        detail: { waiting: what, within: recovery.within },
      };
    });
    const service = judgeService(record);
    const told = record.view.asksFor("serves");
    if (!told) findings.push(...service.findings);
    else
      reasons.push(...service.findings.map(({ type, class: kind, node }) => `${node ?? "clients"}: ${type}/${kind}`));
    // Recovery also ends when a server is dead for good: the clients were not given their time then.
    const inFull = recovery.ms >= recovery.within;
    const clients =
      inFull && recovery.waiting.some(({ load }) => load !== undefined)
        ? notServedIn(record, { from, to: recovery.t })
        : [];
    if (clients.length > 0 && findings.length === 0 && service.findings.length === 0)
      findings.push(clientsLate(recovery, clients, from));
    const why = [
      ...(reasons.length > 0 ? [`not recovered, as other findings explain: ${reasons.join("; ")}`] : []),
      ...(told ? [] : service.unknown),
      ...(findings.length > 0 || reasons.length > 0 ? [] : ["not recovered, but nothing that was seen says why"]),
    ].join("; ");
    const valid = findings.length > 0 || reasons.length > 0 ? false : "unknown";
    return { valid, why: why || null, findings };
  },
};

/** They are served in the end, but not in time. */
function clientsLate({ within }: EventOf<"recovery">, clients: readonly string[], from: number): Finding {
  return {
    type: "slow-recovery",
    class: "not-served",
    node: null,
    from,
    to: null,
    summary: `Clients were not served again ${formatDuration(within)} after every fault was healed: ${clients.join(", ")}.`,
    proof: null,
    evidence: [],
    detail: { waiting: clients, within },
  };
}

/**
 * Servers that answer, of whose roles those who rule say different things: each does as the last one told it. Node → that finding as
 * "type/class of node".
 */
function misledServers(record: RunRecord, { waiting, t }: EventOf<"recovery">): Map<string, string> {
  const isServer = (node: string): boolean =>
    record.view.nodes.some(({ name, role }) => name === node && (role === "master" || role === "replica"));
  const ruler = waiting.find(({ node, dissent }) => dissent && !isServer(node));
  if (!ruler) return new Map();
  const answers = (node: string): boolean => {
    const last = record.view.conditions.get(node)?.findLast(({ from }) => from <= t);
    return last === undefined || last.condition === "healthy";
  };
  const misled = waiting.filter(({ node, load }) => load === undefined && isServer(node) && answers(node));
  return new Map(misled.map(({ node }) => [node, `slow-recovery/not-recovered of ${ruler.node}`]));
}

/**
 * Nodes whose failure to recover already has a finding of its own (a hang, a crash or stuck replication that reaches
 * into the recovery), and the replicas of such nodes. Node → that finding as "type/class of node".
 */
function explainedNodes(record: RunRecord): Map<string, string> {
  const start = record.view.phase("recovery")?.from ?? record.last("recovery")?.t ?? 0;
  const explained = new Map<string, string>();
  const stalls = record.view.asksFor("replication-progress") ? judgeLasting(record, "stalled").findings : [];
  for (const finding of [...judgeHangs(record).findings, ...judgeCrashes(record).findings, ...stalls]) {
    if (finding.node === null || (finding.to !== null && finding.to < start)) continue;
    explained.set(finding.node, labelOf(finding));
  }
  const replicaOf = record.view.replicaOf;
  for (const [replica, master] of Object.entries(replicaOf)) {
    const reason = explained.get(master);
    if (reason !== undefined && !explained.has(replica)) explained.set(replica, reason);
  }
  return explained;
}
