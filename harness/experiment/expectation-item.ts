import { z } from "zod";
import { EXPECTED_PHASES, STATES } from "../journal/expectation.ts";
import { duration, linePattern, MAX_DURATION, name } from "./schema-parts.ts";

const MOST = 100;
const MIN_MS = 100;

/** What stands under `expectations`. Which keys go together, and what they refer to, is judged in read-expectations.ts. */
export const expectationItem = z.strictObject({
  id: name.optional().describe("Default: what is expected and a number, like `link-up-1`"),
  node: z.string().optional().describe("A node's name, or `master`, `replica`, `any-replica`; not with `served`"),
  "full-sync": z.literal("done", { error: 'expected "done"' }).optional().describe("A full sync of the node ends well"),
  state: z.enum(STATES).optional().describe("What the node's INFO says"),
  log: linePattern.optional().describe("A regular expression for one line of the node's log"),
  condition: z
    .literal("healthy", { error: 'expected "healthy"' })
    .optional()
    .describe("What the watchdog says of the node"),
  served: z
    .string()
    .optional()
    .describe(
      "The name of a load: it is served, as `serves` judges it, second by second, with at least half of its `rate`",
    ),
  within: duration(MIN_MS, MAX_DURATION).optional().describe("In this time, counted from `of` or `phase`"),
  of: z.string().optional().describe("The id of a fault: from its injection on, of each if it occurs several times"),
  phase: z.enum(EXPECTED_PHASES).optional().describe("From the beginning of this phase on"),
  while: z.string().optional().describe("The id of a fault: after its injection and before it is healed"),
});

export const expectationItems = z
  .array(expectationItem)
  .max(MOST)
  .prefault([])
  .describe("What must come about on the way, bound to a fault or a phase");

/** The list alone; each of its items is read by itself (read-expectations.ts). */
export const expectationList = z.array(z.unknown()).max(MOST).prefault([]);
