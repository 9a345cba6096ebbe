import type { Finding } from "../../journal/finding.ts";
import type { Foreseen, ForeseenDeadlock } from "../../journal/view/foreseen.ts";
import { explain } from "../../locks/predict/explain.ts";
import { type Check, resultOf, unknownBecause } from "../check.ts";

/** What found no room is whole in the lock graphs' files and in the report. */
const MOST_LOST = 3;

export const lockOrder: Check = {
  name: "lock-order",
  notAttached: "the servers were not started with the library that writes their locks down",
  summary:
    "No two threads of a server take locks, or wait for each other's end, in an order in which they can block each other for ever, although they did not.",
  needs: ({ locks }) =>
    locks
      ? null
      : { what: "judges the servers' locks, and `locks: false` forbids to watch them", hint: "leave it out" },
  check(record) {
    const { foreseen } = record.view;
    if (foreseen === null) return unknownBecause("the servers' locks were not watched");
    return resultOf({
      findings: foreseen.deadlocks.filter(({ known }) => known === null).map((one) => findingOf(one, foreseen)),
      unknown: [...foreseen.unseen],
      remarks: [...knownOnes(foreseen), ...withoutRoom(foreseen)],
    });
  },
};

function findingOf({ prediction, nodes, from, to }: ForeseenDeadlock, { graphs }: Foreseen): Finding {
  const [node = null, ...others] = nodes;
  const also = others.length === 0 ? "" : ` and on ${others.join(", ")}`;
  return {
    type: "lock-order",
    class: prediction.kind,
    node,
    from,
    to,
    summary: `A deadlock that did not happen is possible on ${node ?? "a node"}${also}: ${explain(prediction)}`,
    proof: null,
    evidence: graphs.filter((graph) => nodes.includes(graph.node)).map(({ file }) => file),
    detail: { signature: prediction.signature, nodes, gap: prediction.gap },
  };
}

function knownOnes({ deadlocks }: Foreseen): string[] {
  const signatures = deadlocks.filter(({ known }) => known !== null).map(({ prediction }) => prediction.signature);
  return signatures.length === 0 ? [] : [`known, so not counted: ${signatures.join(", ")}`];
}

function withoutRoom({ lost }: Foreseen): string[] {
  if (lost.length === 0) return [];
  const more = lost.length > MOST_LOST ? [`and ${lost.length - MOST_LOST} more`] : [];
  return [`what found no room was not seen: ${[...lost.slice(0, MOST_LOST), ...more].join("; ")}`];
}
