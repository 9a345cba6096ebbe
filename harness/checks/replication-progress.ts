import { type Check, resultOf, unknownBecause } from "./check.ts";
import { judgeLasting } from "./hang/lasting-conditions.ts";
import { needsReplica } from "./needs.ts";

/** docs/checks/replication-progress.md says exactly what it promises. */
export const replicationProgress: Check = {
  name: "replication-progress",
  summary: "No replica stands still, answering, while its master moves, beyond heal and recovery.",
  needs: needsReplica,
  check(record) {
    if (record.of("condition").length === 0) return unknownBecause("the watchdog said nothing of any node");
    return resultOf(judgeLasting(record, "stalled"));
  },
};
