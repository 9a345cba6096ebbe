import { createHash } from "node:crypto";
import { z } from "zod";

/*
 *   a run's folder ──► VerifiedRun ──► experiments/VERIFIED.md: a table for people, and one line of JSON per run that it is made of
 *                verify-run.ts                              verified-table.ts
 */

/** What experiments/VERIFIED.md keeps of one run. */
export const verifiedRunSchema = z.strictObject({
  run: z.string().min(1).describe("Its id"),
  experiment: z.string().min(1).describe("Path below experiments/"),
  seed: z.string(),
  system: z.string(),
  image: z.string().min(1),
  digest: z.string().nullable(),
  verdict: z.enum(["pass", "fail", "inconclusive", "error", "interrupted"]),
  found: z.array(z.string()).describe("Each type/class once"),
  after: z.number().min(0).nullable().describe("From the beginning of chaos to that of the first finding, ms"),
  started: z.string().describe("ISO 8601, UTC"),
  kvchaos: z.string(),
  plan: z.string().describe("planDigest of what was run"),
  journal: z.string().describe("SHA-256 of journal.jsonl"),
});
export type VerifiedRun = z.infer<typeof verifiedRunSchema>;

/** Did it answer the question? Others are counted, and verify nothing. */
export function hasVerdict({ verdict }: Pick<VerifiedRun, "verdict">): boolean {
  return verdict === "pass" || verdict === "fail";
}

/** Ties a line to its content: whoever changes one by hand must do so on purpose. 16 hexadecimal digits. */
export function lineHash(value: unknown): string {
  return sha256(`kvchaos verified\n${JSON.stringify(value)}`).slice(0, 16);
}

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
