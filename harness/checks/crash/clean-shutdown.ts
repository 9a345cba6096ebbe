import { formatDuration } from "../../base/units.ts";
import { CLEAN_EXITS } from "../../faults/processes/shutdown.ts";
import type { EventOf, Finding } from "../../journal/events.ts";
import type { RunRecord } from "../../journal/record.ts";
import { type Check, type Judged, resultOf } from "../check.ts";
import { evidenceOf } from "../evidence-of.ts";
import { signalOf } from "./no-crash.ts";

export const cleanShutdown: Check = {
  name: "clean-shutdown",
  summary: "A server that is asked to stop ends in time and with a clean exit code.",
  needs: ({ faults }) =>
    faults.some(({ kind }) => kind === "shutdown")
      ? null
      : {
          what: "judges servers that the fault shutdown asks to stop, and there is no such fault",
          hint: "add the fault shutdown",
        },
  check(record) {
    const judged: Judged = { findings: [], unknown: [] };
    const shutdowns = record.of("shutdown");
    if (shutdowns.length === 0) judged.unknown.push("no server was asked to stop");
    for (const event of shutdowns) {
      const to = event.ended ?? event.t;
      if (event.ended === null && record.view.tooStarved({ from: event.asked, to }) !== null) {
        judged.unknown.push(`${event.node} did not end in time, but the harness was starved meanwhile`);
      } else if (event.ended === null) judged.findings.push(neverEnded(record, event));
      else if (isUnclean(event) || core(record, event)) judged.findings.push(unclean(record, event));
    }
    return resultOf(judged);
  },
};

const ASKED = { sigterm: "SIGTERM", shutdown: "SHUTDOWN", "shutdown-nosave": "SHUTDOWN NOSAVE" } as const;

function neverEnded(record: RunRecord, event: EventOf<"shutdown">): Finding {
  const { node, asked, within, via } = event;
  const { files, proof, summaries } = evidenceOf(record, node, asked, event.t);
  return {
    type: "shutdown-hang",
    class: proof === null ? "not-ended" : "deadlocked",
    node,
    from: asked,
    to: event.t,
    summary: `${node} was asked to stop by ${ASKED[via]} and had not ended ${formatDuration(within)} later; then it was killed.`,
    proof,
    evidence: files,
    detail: { via, within, captured: summaries },
  };
}

function isUnclean({ exitCode }: EventOf<"shutdown">): boolean {
  return exitCode !== null && !CLEAN_EXITS.includes(exitCode);
}

/** What was found of the core that it left, until the next request to stop. */
function core(record: RunRecord, { node, t, id }: EventOf<"shutdown">): EventOf<"evidence"> | undefined {
  const next = record.ofNode("shutdown", node).find((other) => other.t > t && other.id !== id)?.asked ?? Infinity;
  return record.ofNode("evidence", node).find((event) => event.data?.core && event.t >= t && event.t < next);
}

function unclean(record: RunRecord, event: EventOf<"shutdown">): Finding {
  const { node, asked, via, exitCode, ended } = event;
  const left = core(record, event);
  const { files, lastLines } = evidenceOf(record, node, asked, left?.t ?? ended);
  const leaving = left ? `, leaving a ${left.summary}` : "";
  return {
    type: "crash",
    class: "unclean-exit",
    node,
    from: asked,
    to: ended,
    summary: `${node} was asked to stop by ${ASKED[via]} and ended with exit code ${exitCode}${leaving}.`,
    proof: `The container's process ended with exit code ${exitCode}.`,
    evidence: files,
    detail: { via, exitCode, signal: signalOf(exitCode), lastLines, core: left?.summary ?? null },
  };
}
