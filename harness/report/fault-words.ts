import { argvOf } from "../journal/plan.ts";
import type { FaultOccurrence } from "../journal/view/fault-occurrences.ts";

const MOST_ARGV_CHARS = 90;

/** What a fault did, for a reader who does not know its id: "command DEBUG SLEEP 600 on r1". */
export function faultWords({ fault, targets, params }: FaultOccurrence): string {
  const said = argvOf(params).join(" ");
  const cut = said.length > MOST_ARGV_CHARS ? `${said.slice(0, MOST_ARGV_CHARS)}…` : said;
  const where = targets.length > 0 ? `on ${targets.join(", ")}` : "";
  return [fault, cut, where].filter((word) => word !== "").join(" ");
}
