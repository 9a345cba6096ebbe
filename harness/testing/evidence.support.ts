import type { HangEvidence, WaitGraph } from "../journal/evidence-data.ts";

/** Test support: a graph in which nobody waits. */
export const NO_WAITS: WaitGraph = {
  class: "none",
  edges: [],
  subtracted: [],
  cycles: [],
  queue: [],
  readerLocks: [],
  linkWaits: [],
  threadWaits: [],
};

/** What a capture tells that saw nothing but this of the graph. */
export function sawWaits(graph: Partial<WaitGraph> | null): HangEvidence {
  return { found: "", threads: [], graph: graph && { ...NO_WAITS, ...graph }, groups: [] };
}
