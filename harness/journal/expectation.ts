import { z } from "zod";
import { event } from "./shapes.ts";

/** What an experiment can expect of a node's state, and wait for: as its INFO tells it. */
export const STATES = ["master", "replica", "link-up", "link-down", "full-sync", "loading"] as const;

/** What a fault can wait for beside them: a migration that the experiment makes (`migrate-slots`) has a slot on its way from, or to, this master. */
export const TRIGGER_STATES = [...STATES, "migrating", "importing"] as const;

/** Phases that an expectation can be bound to. */
export const EXPECTED_PHASES = ["chaos", "heal", "recovery"] as const;

const ms = z.number().min(0);

/** What an experiment expects on the way, as its plan holds it. Milliseconds. */
export const expectationSchema = z.strictObject({
  id: z.string().min(1),
  /** A node's name, "master" or "replica/1"; null: it is about a load. */
  node: z.string().min(1).nullable(),
  what: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("full-sync-done") }),
    z.strictObject({ kind: z.literal("state"), state: z.enum(STATES) }),
    z.strictObject({ kind: z.literal("log"), pattern: z.string().min(1) }),
    z.strictObject({ kind: z.literal("condition"), condition: z.literal("healthy") }),
    z.strictObject({ kind: z.literal("served"), load: z.string().min(1) }),
  ]),
  when: z.discriminatedUnion("kind", [
    /** From the injection of each occurrence of the fault `of`. */
    z.strictObject({ kind: z.literal("within"), of: z.string().min(1), within: ms }),
    /** From the beginning of the phase. */
    z.strictObject({ kind: z.literal("phase"), phase: z.enum(EXPECTED_PHASES), within: ms }),
    /** After the injection of each occurrence of the fault `of`, and before it is healed. */
    z.strictObject({ kind: z.literal("while"), of: z.string().min(1) }),
  ]),
});
export type Expectation = z.infer<typeof expectationSchema>;

/** A log line that matches the regular expression of an expectation. */
export const expectationMatchSchema = event("expectation-match", {
  /** Of the expectation. */
  id: z.string(),
  node: z.string(),
  line: z.string(),
  /** The last one that is journaled of this expectation: there may be more. */
  last: z.boolean().optional(),
});
