import type { EventOf, Finding } from "../journal/events.ts";
import type { RunRecord } from "../journal/record.ts";
import { type Check, resultOf, unknownBecause } from "./check.ts";
import { judgeLasting } from "./hang/lasting-conditions.ts";
import { needsReplica } from "./needs.ts";

/** What a server logs when it cannot go on with a sync, among the lines that the rules of its system know. */
const FAILURE = /can't|cannot|fail|error|abort/i;

/** docs/checks/replication-progress.md says exactly what it promises. */
export const replicationProgress: Check = {
  name: "replication-progress",
  summary: "No replica stands still, answering, while its master moves, beyond heal and recovery.",
  needs: needsReplica,
  check(record) {
    if (record.of("condition").length === 0) return unknownBecause("the watchdog said nothing of any node");
    const { findings, unknown } = judgeLasting(record, "stalled");
    return resultOf({
      findings: [...record.of("unattached").map((one) => unattached(record, one)), ...findings],
      unknown,
    });
  },
};

/** Servers that do not come to replicate: that it is so is told, and what the replica said, not whose fault it is. */
function unattached(record: RunRecord, { t, node, image, master, masterImage, link }: EventOf<"unattached">): Finding {
  const failures = record.ofNode("log", node).filter(({ line }) => FAILURE.test(line));
  // One of each kind: it tries again and again.
  const isMixed = image !== masterImage;
  const [who, whom] = isMixed ? [`${node} on ${image}`, `${master} on ${masterImage}`] : [node, master];
  const said = [...new Map(failures.map((one) => [one.rule, one])).values()];
  return {
    type: "stuck-replication",
    class: "never-linked",
    node,
    from: record.view.phase("setup")?.from ?? 0,
    to: null,
    summary: `${who} did not come to replicate from ${whom}: when the set-up's time for it was over, its link was ${link}.`,
    proof: said.length > 0 ? `Its log: ${said.map(({ line }) => line.trim()).join(" · ")}` : null,
    evidence: [],
    detail: { why: link, ms: Math.round(t), captures: [] },
  };
}
