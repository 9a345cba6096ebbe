import { formatDuration } from "../../base/units.ts";
import type { RunRecord } from "../../journal/record.ts";
import type { Judged } from "../check.ts";
import { evidenceOf } from "../evidence-of.ts";
import { bytesBefore } from "../sent-bytes.ts";

/**
 * Servers that left others without an answer after bytes that were no command. They were started anew to find which bytes, so no such hang
 * can outlive recovery: one that came again after the same bytes is a finding all the same, one that did not is a doubt.
 */
export function judgeSilenced(record: RunRecord, known: Judged): Judged {
  const judged: Judged = { findings: [], unknown: [] };
  for (const { node, at, t, step, fate, id } of record.of("raw-bytes")) {
    if (step !== "suspected" || fate !== "silent") continue;
    if (known.findings.some((one) => one.node === node && one.from <= t && (one.to ?? Infinity) >= at)) continue;
    const bytes = bytesBefore(record, node, at, fate);
    if (bytes === null) continue;
    const starved = record.view.tooStarved({ from: at, to: t }, node);
    if (starved !== null || !bytes.shrunk?.shortest) {
      judged.unknown.push(
        `${node} left others without an answer after ${id}${starved ? `, but ${starved} of that time` : `: ${bytes.text}`}`,
      );
      continue;
    }
    const { files, proof, summaries } = evidenceOf(record, node, at, null);
    judged.findings.push({
      type: "hang",
      class: "unresponsive",
      node,
      from: at,
      to: bytes.shrunk.t,
      summary: `${node} left others without an answer for ${formatDuration(Math.round((t - at) / 100) * 100)}, until it was started anew. ${bytes.text}`,
      proof,
      evidence: [...files, ...bytes.files],
      detail: { why: bytes.text, silent: null, of: null, outlivedRecovery: false, captures: summaries },
    });
  }
  return judged;
}
