import type { Check } from "./check.ts";
import { judgeStalls } from "./hang/lasting-conditions.ts";
import { needsReplica } from "./needs.ts";
import { resultOf } from "./result.ts";

/** docs/checks/replication-progress.md says exactly what it promises. */
export const replicationProgress: Check = {
  name: "replication-progress",
  summary: "No replica stands still, answering, while its master moves, beyond heal and recovery.",
  needs: needsReplica,
  check(record) {
    if (record.of("condition").length === 0) {
      return { valid: "unknown", why: "the watchdog said nothing of any node", findings: [] };
    }
    return resultOf(judgeStalls(record));
  },
};
