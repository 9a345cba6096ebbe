import { z } from "zod";

/** What became of the writes of one recorded load that had been acknowledged. */
export const lossesSchema = z.object({
  load: z.string(),
  acknowledged: z.number(),
  allowed: z.number().describe("How many of them were allowed to get lost, by what the experiment says of losses"),
  lost: z
    .number()
    .nullable()
    .describe("How many are gone for certain, on some node that was read in the end; null: nothing could be read"),
  excused: z.number().nullable().describe("Of those, how many were allowed to"),
});

export type Losses = z.infer<typeof lossesSchema>;
