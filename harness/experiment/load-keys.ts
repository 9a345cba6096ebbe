import { z } from "zod";
import { percentRange } from "../base/units.ts";
import { MOST_TAGS } from "../cluster/shards.ts";
import { DEADLINE_COMMANDS } from "../journal/time-to-live.ts";
import { LOAD_TOOLS } from "../load/load-tools.ts";
import { duration, durations, HOUR, list, MAX_DURATION, MS, name, rate, text, valueSize, via } from "./schema-parts.ts";

/* What clients do: the keys of `load`, and those of keys that expire. */

/** How long keys live, of a load. */
const of = durations(100 * MS, MAX_DURATION).describe("How long a key lives, drawn for each");

/** One percentage above zero, as a fraction. */
const share = percentRange
  .refine(({ min, max }) => min === max && min > 0, { error: "expected one percentage above 0%" })
  .transform(({ min }) => min)
  .meta({ title: "percentage" })
  .prefault("100%");

/** `ttl` of a load. */
const loadTtl = z
  .strictObject({
    of,
    share: share.describe(
      "Share of the writes that are about a deadline; any other is a plain SET, which takes one away",
    ),
    by: list(z.enum(DEADLINE_COMMANDS))
      .prefault([...DEADLINE_COMMANDS])
      .describe("The commands, each equally often: `pexpireat` and `persist` leave the key's value as it is"),
  })
  .optional()
  .describe("Keys that expire: `{ of: 5s..30s, share: 50% }`");

/** `ttl` of the preload. */
export const preloadTtl = z
  .strictObject({ of, share: share.describe("Share of the keys that expire, by PEXPIRE behind what writes each") })
  .optional()
  .describe("Keys that expire: `{ of: 5s..30s, share: 50% }`");

/** `slots` of a load and of the preload. */
export const spreadSlots = z.int().min(1).max(MOST_TAGS).optional();

const loadedNodes = z
  .union([z.enum(["masters", "replicas"]), list(z.string())], {
    error: "expected masters, replicas, or a list of node names",
  })
  .prefault("masters")
  .describe("Which nodes get the load: `masters`, `replicas` (followed when they change), or a list of nodes");

/** "zadd" → "ZADD", "@List" → "@list" */
const commandName = z
  .string()
  .regex(/^\s*(?:@[a-z-]+|[A-Za-z][\w.-]*(?:\s+[A-Za-z]+)?)\s*$/i, { error: 'expected a command, or "@" and a group' })
  .transform((word) => {
    const one = word.trim().replace(/\s+/g, " ");
    return one.startsWith("@") ? one.toLowerCase() : one.toUpperCase();
  })
  .meta({ title: "command" });
const commandList = list(commandName).optional();

export const loadItem = z.strictObject({
  workload: z.string().describe("What the clients do: a name from the list of workloads"),
  name: name.optional().describe("Default: the workload's name"),
  on: loadedNodes,
  via,
  connections: z.int().min(1).max(2000).prefault(16).describe("Clients that it has on each node"),
  pipeline: z.int().min(1).max(1024).prefault(1).describe("Commands in flight per connection"),
  rate: rate
    .optional()
    .describe(
      "Operations per second over all connections, begun in time whatever the replies (open loop); without it as fast as replies come",
    ),
  keys: z.int().min(1).max(1e9).prefault(10_000).describe("Number of distinct keys"),
  slots: spreadSlots.describe(
    "With `mode: cluster`: in how many slots of each shard its keys are, a connection for each at least (default: 8; fewer where it has fewer keys, or connections and no rate; of workloads that block, one for every 4 connections)",
  ),
  "key-prefix": text(200).optional().describe('Default: the load\'s name and ":"'),
  value: valueSize.prefault("100B").describe("Length of a value; a range is drawn from for each"),
  elements: z.int().min(1).max(1e6).prefault(16).describe("Members of a sorted set, fields of a hash, …"),
  timeout: duration(10 * MS, HOUR)
    .prefault("5s")
    .describe("An operation without answer for this long has an unknown outcome"),
  record: z
    .boolean()
    .prefault(false)
    .describe(
      "Keeps every operation in the run's folder, and reads every key that was touched from every node in the end, for the checks on data",
    ),
  wait: z.int().min(1).max(100).optional().describe("Each recorded write is followed by WAIT for this many replicas"),
  ttl: loadTtl,
  only: commandList.describe(
    "Of the workload `commands`: draws these alone, each a command (`ZADD`, `XGROUP CREATE`, `XGROUP` for all of them) or a group (`@list`); also one that does harm (`FLUSHALL`), which is never drawn unless it is named",
  ),
  without: commandList.describe("Of the workload `commands`: never draws these"),
  weights: z
    .record(commandName, z.number().min(0).max(1e6))
    .optional()
    .describe("Of the workload `commands`: how often, against 1 for every other (0.1 for one that blocks); 0: never"),
  "wait-within": duration(MS, HOUR).optional().describe("How long WAIT waits (default: `1s`)"),
});

/** A load that a program of its own makes, in a container. */
export const toolItem = z.strictObject({
  tool: z.enum(LOAD_TOOLS).describe("The program; its operations are counted, not recorded"),
  name: name.optional().describe("Default: the program's name"),
  on: loadedNodes,
  via,
  args: z
    .array(z.union([z.string(), z.number().transform(String)], { error: "expected text or a number" }))
    .max(100)
    .prefault([])
    .describe("Its arguments, one by one; not those that say where to connect"),
});
