import { z } from "zod";
import { event } from "../shapes.ts";

/**
 * Where servers or sentinels choose the masters: what one of them said, after load had stopped, of who is master of each shard.
 * Shards are numbered from 1, in the order of the first topology's masters.
 */
export const roleViewSchema = event("role-view", {
  node: z.string(),
  /** `owner` null: nobody, or a server that this cluster does not know. */
  shards: z.array(z.object({ shard: z.number(), owner: z.string().nullable(), epoch: z.number().nullable() })),
  /** Shards of which it says that it is the master itself. */
  claims: z.array(z.number()),
});
