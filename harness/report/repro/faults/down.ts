import type { Piece } from "../pieces.ts";

/** What is known of a node that a fault stops: it is down by our own doing, until it is started again. */
export function downLines(use: string, watched: boolean): { before: string[]; after: string[]; pieces: Piece[] } {
  const marker = use.startsWith('"') ? `"$WORK/down-${use.slice(1, -1)}"` : `"$WORK/down-"${use}`;
  return {
    before: [`: >${marker}`, ...(watched ? [`ours ${use}`] : [])],
    after: [`start_again ${use}`, ...(watched ? [`not_ours ${use}`] : [])],
    pieces: ["start-again", ...(watched ? ["ours" as const] : [])],
  };
}
