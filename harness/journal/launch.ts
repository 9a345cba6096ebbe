import { z } from "zod";

/** How a node's container was started on top of its image: enough to start it again with `docker run`. null: the image decides. */
export const launchSchema = z.object({
  command: z.array(z.string()),
  entrypoint: z.array(z.string()).nullable(),
  environment: z.record(z.string(), z.string()),
  /** Paths. */
  tmpfs: z.array(z.string()),
  ulimits: z.array(z.object({ name: z.string(), soft: z.number(), hard: z.number() })),
  cpus: z.number().nullable(),
  /** Bytes. */
  memory: z.number().nullable(),
  capAdd: z.array(z.string()),
  init: z.boolean(),
  user: z.string().nullable(),
});
