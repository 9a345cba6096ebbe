import { fileURLToPath } from "node:url";
import { z } from "zod";
import { checkOrWrite, madeJson } from "../../base/made-files.ts";
import { findingSchema } from "../../journal/finding.ts";
import { lossesSchema } from "../../journal/losses.ts";
import { longWaitSchema, predictionSchema } from "../../journal/prediction.ts";

/** Raised when a reader of result.json would have to change; new keys may appear at any time. */
export const RESULT_VERSION = 1;

const FILE = fileURLToPath(new URL("result.schema.json", import.meta.url));
const count = z.number().int().nonnegative().meta({ id: "count" });

/** What of `clientViews` is for programs. */
export const clientsSchema = z.array(
  z.object({
    load: z.string(),
    before: z.number().nullable().describe("Operations per second in the warm-up"),
    ok: count,
    failed: count,
    unknown: count,
    errors: z.array(z.object({ kind: z.string(), count, share: z.number().describe("0..1 of all operations") })),
    outageMs: z.number(),
    longestMs: z.number(),
    outages: z.array(z.object({ from: z.number(), to: z.number() })).describe("Nothing was served"),
    atEnd: z.array(
      z.object({
        node: z.string().nullable(),
        state: z.enum(["served", "partly-refused", "refused", "silent", "slow", "as-before"]),
        ok: count,
        refused: count,
        unknown: count,
        errors: z.record(z.string(), count),
      }),
    ),
  }),
);

/** result.json. Times are milliseconds since the run's beginning; durations are milliseconds. */
export const resultSchema = z.object({
  version: z.literal(RESULT_VERSION),
  kvchaos: z.string().describe("Version of kvchaos"),
  runId: z.string(),
  startedAt: z.string().describe("ISO 8601, UTC"),
  durationMs: z.number(),
  experiment: z.object({
    title: z.string(),
    file: z.string(),
    issue: z.string().nullable(),
    confirms: z.string().optional().describe("Signature of the prediction that the run is to make real"),
  }),
  command: z.array(z.string()).describe("Words of the command that runs the same plan again"),
  seed: z.string(),
  system: z.string(),
  image: z.string(),
  digest: z.string().nullable(),
  nodeImages: z
    .record(z.string(), z.string())
    .optional()
    .describe("Nodes with an image of their own; absent: all run on `image`"),
  serverVersion: z.string().nullable(),
  verdict: z.enum(["pass", "fail", "inconclusive", "error", "interrupted"]),
  reasons: z.array(z.string()),
  // Free data for its readers: the shapes of a detail come and go with versions of kvchaos.
  findings: z.array(findingSchema.extend({ detail: z.record(z.string(), z.unknown()).optional() })),
  checks: z.array(
    z.object({
      name: z.string(),
      valid: z.union([z.boolean(), z.literal("unknown")]),
      why: z.string().nullable(),
      findings: count,
    }),
  ),
  phases: z.array(
    z.object({
      phase: z.string(),
      from: z.number(),
      to: z.number().nullable().describe("null: the run ended inside it"),
    }),
  ),
  load: z.array(
    z.object({
      load: z.string(),
      ok: count,
      fail: count,
      info: count.describe("Operations whose outcome is unknown"),
      seconds: z.number(),
      errors: z.record(z.string(), count),
      redirects: z
        .record(z.string(), count)
        .optional()
        .describe(
          "How often servers sent a command elsewhere, by their word (MOVED, ASK, TRYAGAIN), and the load followed",
        ),
    }),
  ),
  clients: clientsSchema.optional().describe("What clients saw, from the end of the warm-up on"),
  losses: z
    .array(lossesSchema)
    .optional()
    .describe("What became of the acknowledged writes of each recorded load; absent when no check counted them"),
  predictions: z
    .array(
      predictionSchema.extend({
        exchanges: z
          .array(
            z.object({
              t: z.number().describe("run ms"),
              node: z.string(),
              by: z.string().describe("Id of the fault's occurrence"),
              before: z.string().describe("The image of its server until then"),
              image: z.string(),
              digest: z.string().nullable(),
              version: z.string().nullable(),
              ended: z.boolean().describe("It ended before it had answered"),
            }),
          )
          .optional()
          .describe("Nodes that were started again with another server; absent: none was"),
        nodes: z.array(z.string()).describe("On which it can happen, the closest first"),
        known: z.string().nullable().describe("Why the experiment says that it is no news"),
        sentence: z.string(),
      }),
    )
    .optional()
    .describe("Deadlocks that did not happen and can; absent when nobody asked for the servers' locks"),
  longWaits: z
    .array(longWaitSchema.extend({ node: z.string() }))
    .optional()
    .describe("Locks that were held while their holder waited for something else, the longest first"),
  locksUnseen: z
    .array(z.string())
    .optional()
    .describe("What was not seen of the servers' locks, in words: where more deadlocks may be possible"),
  faults: z.array(
    z.object({
      id: z.string(),
      fault: z.string(),
      targets: z.array(z.string()),
      from: z.number().nullable().describe("null: it never fired"),
      to: z.number().nullable(),
      outcome: z.enum(["done", "open", "not-fired", "inject-failed", "heal-failed"]),
      effect: z.object({ measured: z.boolean(), summary: z.string() }).nullable(),
      detail: z.string().nullable(),
      params: z.unknown(),
    }),
  ),
  selfCheck: z.object({
    seconds: count,
    starvedSeconds: count,
    worstMainDelay: z.number(),
    worstProbeDelay: z.number(),
    worstControl: z.number().nullable(),
    worstCpuPressure: z.number().nullable().describe("percent"),
    mostOthers: count.optional().describe("runs beside it at a time; absent: it was not one of several"),
  }),
  nodes: z.array(
    z.object({
      name: z.string(),
      role: z.enum(["master", "replica", "control", "sentinel", "helper"]),
      image: z.string(),
      digest: z.string().nullable(),
      version: z.string().nullable(),
    }),
  ),
  host: z.record(z.string(), z.unknown()),
  truncated: z.boolean().describe("The journal ends inside a line: the harness was killed"),
});
export type Result = z.infer<typeof resultSchema>;

/** result.schema.json as it should be and as it is. */
export function committedResultSchema() {
  const schema = z.toJSONSchema(resultSchema, { io: "input", unrepresentable: "any" });
  return madeJson(FILE, { ...schema, title: "kvchaos result.json" });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) checkOrWrite([committedResultSchema()]);
