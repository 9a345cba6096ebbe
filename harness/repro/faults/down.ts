import type { BashFunction } from "../bash-functions.ts";

/** What is known of a node that a fault stops: it is down by our own doing, until it is started again. */
export function downLines(
  use: string,
  watched: boolean,
): { before: string[]; after: string[]; functions: BashFunction[] } {
  const marker = use.startsWith('"') ? `"$WORK/down-${use.slice(1, -1)}"` : `"$WORK/down-"${use}`;
  return {
    before: [`: >${marker}`, ...(watched ? [`ours ${use}`] : [])],
    after: [`start_again ${use}`, ...(watched ? [`not_ours ${use}`] : [])],
    functions: ["start-again", ...(watched ? ["ours" as const] : [])],
  };
}
