import { formatSeconds } from "../../base/units.ts";
import type { Finding } from "../../journal/events.ts";
import type { Limits } from "../../journal/limits.ts";
import { type Check, resultOf, unknownBecause } from "../check.ts";
import { type Growth, MemoryGrowth } from "./memory-growth.ts";

const MEBIBYTE = 1024 ** 2;

/** docs/checks/memory.md says exactly what it promises. */
export const memory: Check = {
  name: "memory",
  summary:
    "From the beginning of chaos on no server uses more memory than `memory` allows, measured against the warm-up.",
  needs: ({ limits }) =>
    limits.memory === null
      ? {
          what: "judges how much memory servers come to use, and nothing says how much is too much",
          hint: "add `memory: { growth: 50% }`",
        }
      : null,
  check(record) {
    const limit = record.plan?.experiment.limits.memory;
    if (!limit) return unknownBecause("the journal's plan has no readable limit");
    const seen = new MemoryGrowth(limit);
    for (const event of record.events) seen.see(event);
    const findings = seen.nodes.flatMap((node) => {
      const growth = seen.of(node);
      return growth && growth.passed !== null ? [finding(node, growth, growth.passed, limit)] : [];
    });
    const unknown = seen.unknown.map((node) => `nobody could read the memory of ${node} before chaos`);
    const remarks = seen.nodes.flatMap((node) => {
      const growth = seen.of(node);
      return growth ? [`${node}: ${mebibytes(growth.base)}, later at most ${mebibytes(growth.peak.bytes)}`] : [];
    });
    if (seen.nodes.length === 0 && unknown.length === 0) unknown.push("no server's memory was measured");
    return resultOf({ findings, unknown, remarks });
  },
};

/** Of a server that is above its limit. */
export function growthText(
  node: string,
  { base, limit, peak }: Growth,
  allowed: NonNullable<Limits["memory"]>,
): string {
  const more = Math.round((peak.bytes / base - 1) * 100);
  const most = allowed.kind === "bytes" ? mebibytes(allowed.bytes) : `${Math.round(allowed.share * 100)} %`;
  return `${node}'s resident memory grew from ${mebibytes(base)} in the warm-up to ${mebibytes(peak.bytes)} at ${formatSeconds(peak.at)} (${more} % more), and ${most} (to ${mebibytes(limit)}) are allowed`;
}

function finding(node: string, growth: Growth, passed: number, allowed: NonNullable<Limits["memory"]>): Finding {
  const { base, limit, peak, back } = growth;
  return {
    type: "memory-growth",
    class: "resident",
    node,
    from: passed,
    to: back,
    summary: `${growthText(node, growth, allowed)}.`,
    proof: `VmRSS of its process: above ${mebibytes(limit)} from ${formatSeconds(passed)}${back === null ? " to the end" : ` to ${formatSeconds(back)}`}.`,
    evidence: [],
    detail: { baseBytes: base, limitBytes: limit, peakBytes: peak.bytes, peakAt: peak.at },
  };
}

/** 47185920 → "45.0 MiB" */
function mebibytes(bytes: number): string {
  return `${(bytes / MEBIBYTE).toFixed(1)} MiB`;
}
