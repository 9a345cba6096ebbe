import { z } from "zod";
import { event } from "../shapes.ts";

/** What was before heal, what it changed, and whether all were well in time. */
export const healEventSchemas = [
  /** What a node said of itself before anything was healed. */
  event("before-heal", {
    node: z.string(),
    role: z.enum(["master", "replica", "unknown"]),
    /** Whom it replicated from; null: nobody that is known. */
    master: z.string().nullable(),
    link: z.enum(["up", "down", "none"]),
    offset: z.number().nullable(),
    /** Cluster mode: the slots that it called its own, both ends included; null elsewhere. */
    slots: z.array(z.tuple([z.number(), z.number()])).nullable(),
  }),
  /** A server was told its role because it was not where it should be. */
  event("repair", {
    node: z.string(),
    /** "heal", or the id of the fault that undid itself. */
    by: z.string(),
    /** What was wrong. */
    why: z.string(),
    told: z.array(z.string()),
  }),
  /** Result of the bounded wait after heal. `waiting`: what had not recovered when time ran out. */
  event("recovery", {
    recovered: z.boolean(),
    ms: z.number(),
    within: z.number(),
    /** `load`: its clients were not served by that node. `dissent`: it says of somebody's role what the others do not. */
    waiting: z.array(
      z.object({
        node: z.string(),
        what: z.string(),
        load: z.string().optional(),
        dissent: z.literal(true).optional(),
      }),
    ),
  }),
] as const;
