import type { Span } from "../../base/span.ts";
import type { EventOf, Finding } from "../../journal/events.ts";
import { addError } from "../../journal/outcomes.ts";
import type { RunRecord } from "../../journal/record.ts";
import { goalOf, sourceOf } from "./service-goal.ts";

/** A probe's second may end after the load's last one. ms */
const SLACK_MS = 2_000;
/** One single refusal may be one of the last moments before service. */
const SURE = 2;

/**
 * Masters of which the watchdog's own writes were taken in the warm-up, and every one is refused after recovery: also where no load
 * goes, or only one that seldom writes.
 */
export function judgeWriteProbes(record: RunRecord, { from, to }: Span): Finding[] {
  const { isRightful, allow } = goalOf("", sourceOf(record));
  const warmUp = record.view.phase("warm-up");
  return (record.last("topology")?.masters ?? []).flatMap((node): Finding[] => {
    if (record.view.isControl(node) || record.view.leftDown(node)) return [];
    const own = record.ofNode("probe", node).filter((one) => one.kind === "write");
    const after = own.filter(({ t, seconds }) => t - seconds * 1000 >= from && t <= to + SLACK_MS);
    const early = warmUp ? own.filter(({ t }) => t > warmUp.from && t <= warmUp.to) : [];
    if (done(after) > 0 || done(early) === 0) return [];
    const errors: Record<string, number> = {};
    for (const { replies } of after) {
      for (const [kind, count] of Object.entries(replies)) {
        // A slot that was moved away, or is on its way, takes our key along.
        if (ELSEWHERE.includes(kind) || allow.includes(kind) || isRightful(node, kind)) continue;
        addError(errors, kind, count);
      }
    }
    const refused = Object.values(errors).reduce((sum, count) => sum + count, 0);
    if (refused < SURE) return [];
    const kinds = Object.keys(errors).join(", ");
    return [
      {
        type: "unavailable",
        class: "refused",
        node,
        from,
        to: null,
        summary: `${node} refuses every write after recovery (${kinds}); in the warm-up it took them.`,
        proof: `Replies to SET on ${node} after recovery: ${kinds} ${refused} times, OK never.`,
        evidence: [],
        detail: { load: null, refused, errors },
      },
    ];
  });
}

/** A master says so of a key whose slot is another's. */
const ELSEWHERE: readonly string[] = ["MOVED", "ASK", "TRYAGAIN"];

/** Writes that were taken. */
function done(probes: readonly EventOf<"probe">[]): number {
  return probes.reduce((sum, { answered, replies }) => {
    const refused = Object.values(replies).reduce((all, count) => all + count, 0);
    return sum + answered - refused;
  }, 0);
}
