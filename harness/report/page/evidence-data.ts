import { z } from "zod";
import type { EventOf } from "../../journal/events.ts";

const edge = z.object({
  from: z.number(),
  kind: z.enum(["join", "mutex", "rwlock-read", "rwlock-write", "socket", "event-loop"]),
  address: z.string(),
  to: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("thread"), tid: z.number() }),
    z.object({ kind: z.literal("readers"), count: z.number() }),
    z.object({ kind: z.literal("link"), name: z.string(), cutBy: z.string().nullable(), peer: z.string() }),
    z.object({ kind: z.literal("peer"), peer: z.string() }),
  ]),
  timed: z.boolean(),
  call: z.string(),
});

const graph = z.object({
  class: z.enum(["proven", "held-by-readers", "waits-on-link", "waits-on-thread", "none"]),
  edges: z.array(edge),
  cycles: z.array(z.array(z.number())),
  queue: z.array(z.number()),
  readerLocks: z.array(
    z.object({ address: z.string(), readers: z.number(), waiting: z.array(z.number()), mayHold: z.array(z.number()) }),
  ),
  linkWaits: z.array(
    z.object({ tid: z.number(), link: z.string(), cutBy: z.string().nullable(), chain: z.array(z.number()) }),
  ),
  // Absent in journals of older versions.
  threadWaits: z
    .array(z.object({ tid: z.number(), call: z.string().nullable(), asleep: z.boolean(), chain: z.array(z.number()) }))
    .default([]),
});

const group = z.object({
  count: z.number(),
  comms: z.array(z.string()),
  tids: z.array(z.number()),
  state: z.string(),
  waitsFor: z.string(),
  asleep: z.boolean(),
  frames: z.array(z.string()).optional(),
});

const evidenceData = z.object({
  // A later capture that only adds function names has nothing but groups.
  threads: z.array(z.object({ tid: z.number(), nsTid: z.number(), comm: z.string() })).default([]),
  graph: graph.nullable().default(null),
  groups: z.array(group).default([]),
});

/** What `captureEvidence` (forensics/capture.ts) leaves in the journal, as far as the report shows it. */
export type EvidenceData = z.infer<typeof evidenceData>;
export type GraphData = z.infer<typeof graph>;
export type EdgeData = z.infer<typeof edge>;
export type GroupData = z.infer<typeof group>;

/** null: this event carries none, or another shape than this version knows; its files are still listed. */
export function evidenceDataOf(event: EventOf<"evidence">): EvidenceData | null {
  const parsed = evidenceData.safeParse(event.data);
  return parsed.success ? parsed.data : null;
}
