import type { RunRecord } from "../journal/record.ts";
import { judgeCrashes } from "./crash/crash-rules.ts";
import { judgeHangs } from "./hang/hang-rules.ts";
import { judgeStalls } from "./hang/lasting-conditions.ts";

/**
 * Nodes whose failure to recover already has a finding of its own (a hang, a crash or stuck replication that reaches
 * into the recovery), and the replicas of such nodes. Node → that finding as "type/class of node".
 */
export function explainedNodes(record: RunRecord): Map<string, string> {
  const start = record.view.phase("recovery")?.from ?? record.last("recovery")?.t ?? 0;
  const explained = new Map<string, string>();
  const stalls = record.view.asksFor("replication-progress") ? judgeStalls(record).findings : [];
  for (const finding of [...judgeHangs(record).findings, ...judgeCrashes(record).findings, ...stalls]) {
    if (finding.node === null || (finding.to !== null && finding.to < start)) continue;
    explained.set(finding.node, `${finding.type}/${finding.class} of ${finding.node}`);
  }
  const replicaOf = record.view.replicaOf;
  for (const [replica, master] of Object.entries(replicaOf)) {
    const reason = explained.get(master);
    if (reason !== undefined && !explained.has(replica)) explained.set(replica, reason);
  }
  return explained;
}
