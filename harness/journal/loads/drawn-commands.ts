import { z } from "zod";

/** Which commands of the server a load draws, by name or "@" and a group, and how often each against 1 for the others. */
export const drawnCommands = z.strictObject({
  only: z.array(z.string()).optional(),
  without: z.array(z.string()).optional(),
  weights: z.record(z.string(), z.number().min(0)).optional(),
});
