import type { RunEnd } from "./messages.ts";

/**
 * May others beside it have made it end so? Then it does not count, and is done once more, alone. What knows nothing may, and what broke; a
 * failure only if it was starved and nothing proves it: a hang that is only observed, clients that were not served.
 */
export function isSpoilt({ verdict, starved, findings }: Pick<RunEnd, "verdict" | "starved" | "findings">): boolean {
  if (verdict === "inconclusive" || verdict === "error") return true;
  return verdict === "fail" && starved && findings.every(({ proof, type }) => proof === null && type !== "crash");
}
