import assert from "node:assert/strict";
import { redis } from "./redis.ts";

/** The first rule that knows the line, as the log collector asks them, and what it takes for the words. */
function ruleOf(line: string): [string | undefined, string | undefined, string | undefined] {
  const rule = redis.logRules.find(({ pattern }) => pattern.test(line));
  return [rule?.name, rule?.meaning, rule?.pattern.exec(line)?.groups?.said];
}

const ID = "e0c1e4d43ab06dbe77ff96a9e4ee6c3a0d7d6d4d";
const REDIS = "1:S 27 Nov 2026 08:39:14.123 # ";
const VALKEY = "1:S 27 Nov 2026 08:39:14.123 * ";

/** Texts that are in the programs of Redis 7.0.15 and Valkey 8.0.1. */
const LINES: [rule: string, said: string][] = [
  ["election-vote-refused", `Failover auth denied to ${ID}: its master is up`],
  ["election-vote-refused", `Failover auth denied to ${ID} (r1): already voted for epoch 7`],
  ["election-vote-refused", `Failover auth denied to ${ID} (r1) for epoch 7: its primary is up`],
  ["election-vote-given", `Failover auth granted to ${ID} for epoch 7`],
  ["election-vote-given", `Failover auth granted to ${ID} (r1) for epoch 7`],
  ["election-impossible", "Currently unable to failover: Waiting for votes, but majority still not reached."],
  ["election-delayed", "Start of election delayed for 712 milliseconds (rank #0, offset 1234)."],
  ["election-started", "Starting a failover election for epoch 7."],
  ["election-won", "Failover election won: I'm the new master."],
  ["election-won", "Failover election won: I'm the new primary."],
  ["election-expired", "Failover attempt expired."],
  ["election-expired", "Manual failover timed out."],
  ["election-node-failed", `Marking node ${ID} as failing (quorum reached).`],
  ["election-node-failed", `Marking node ${ID} (m1) as failing (quorum reached).`],
  ["election-node-failed", `FAIL message received from ${ID} (m2) about ${ID} (m1)`],
  ["election-cluster-state", "Cluster state changed: fail"],
  ["election-sentinel-down", "+odown master kvchaos 10.0.0.9 6379 #quorum 2/2"],
  ["election-sentinel-vote", `+vote-for-leader ${ID} 1`],
  ["election-sentinel-vote", `${ID} voted for ${ID} 1`],
  ["election-sentinel-aborted", "-failover-abort-not-elected master kvchaos 10.0.0.9 6379"],
  ["election-sentinel-aborted", "-failover-abort-no-good-slave master kvchaos 10.0.0.9 6379"],
  ["election-sentinel-step", "+switch-master kvchaos 10.0.0.9 6379 10.0.0.8 6379"],
  ["election-sentinel-delayed", "Next failover delay: I will not start a failover before Fri Nov 27 08:39:34 2026"],
];

describe("what Redis, Valkey and sentinels log of an election", () => {
  for (const [name, said] of LINES) {
    it(`is known: ${said}`, () => {
      for (const prefix of [REDIS, VALKEY]) assert.deepEqual(ruleOf(prefix + said), [name, "election", said]);
    });
  }

  it("is not what they log of other things", () => {
    for (const line of ["Ready to accept connections", "MASTER MODE enabled (failover request from 'id=3')"]) {
      assert.notEqual(ruleOf(REDIS + line)[1], "election", line);
    }
  });
});
