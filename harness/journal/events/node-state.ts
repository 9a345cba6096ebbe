import { z } from "zod";

/** State of one server as its own INFO tells it. null: this server or this moment does not say. */
export const nodeStateSchema = z.object({
  role: z.enum(["master", "replica", "unknown"]),
  version: z.string().nullable(),
  /** A replica's replication link; "none" on a master. */
  link: z.enum(["up", "down", "none"]),
  /** The server's own word for a link that is not up ("db0:Error"), where it has one. */
  linkDetail: z.string().optional(),
  masterHost: z.string().nullable(),
  masterPort: z.number().nullable(),
  /** A full sync (copying or restoring) is under way. */
  syncing: z.boolean(),
  /** 0..1 where the server tells. */
  syncProgress: z.number().nullable(),
  /** LOADING: restoring a dataset; most commands answer -LOADING. */
  loading: z.boolean(),
  /** Replication offset or sequence: produced (master) or applied (replica). */
  offset: z.number().nullable(),
  /** Seconds since a replica last heard from its master. */
  lastIoSeconds: z.number().nullable(),
  /** Replicas that a master sees. */
  replicas: z.array(z.object({ address: z.string(), state: z.string().nullable(), offset: z.number().nullable() })),
  commandsProcessed: z.number().nullable(),
  clients: z.number().nullable(),
  /** It drops keys when its memory is full, and since it was started has dropped so many; absent: it never does, or does not say. */
  evictions: z.object({ of: z.enum(["any-key", "keys-with-deadlines"]), keys: z.number() }).optional(),
  workers: z.number().nullable(),
});
export type NodeState = z.infer<typeof nodeStateSchema>;
