import type { LogRule } from "./system.ts";

/**
 * What servers and sentinels log about who is to be master: the source of Redis 7.0 (cluster.c, sentinel.c), and of Valkey 8.0, which
 * says primary and adds names in brackets to the ids.
 */
export const redisElectionRules: readonly LogRule[] = [
  rule("election-vote-refused", /Failover auth denied to .*/),
  rule("election-vote-given", /Failover auth granted to .*/),
  rule("election-impossible", /Currently unable to failover: .*/),
  rule("election-delayed", /Start of election delayed for .*/),
  rule("election-started", /Starting a failover election for epoch \d+.*/),
  rule("election-won", /Failover election won: .*/),
  rule("election-expired", /Failover attempt expired.*|Manual failover timed out.*/),
  rule("election-node-failed", /Marking node .* as failing \(quorum reached\).*|FAIL message received from .*/),
  rule("election-cluster-state", /Cluster state changed: .*/),
  rule("election-sentinel-aborted", /-failover-abort-\S+ .*|-failover-end-for-timeout .*/),
  rule("election-sentinel-vote", /\+vote-for-leader .*|\S+ voted for \S+ \d+/),
  rule("election-sentinel-down", /[+-]odown master .*/),
  rule("election-sentinel-step", /\+(?:try-failover|elected-leader|selected-slave|promoted-slave|switch-master) .*/),
  rule("election-sentinel-delayed", /Next failover delay: .*/),
];

/** `said`: the line without the time and process that stand before it. */
function rule(name: string, words: RegExp): LogRule {
  return { name, pattern: new RegExp(`(?<said>${words.source})`), meaning: "election" };
}
