import { z } from "zod";
import { formatDuration, percentRange, type Range, sizeRange } from "../base/units.ts";
import { FINDING_TYPES } from "../journal/events.ts";
import { TRIGGER_STATES } from "../journal/expectation.ts";
import { RECONCILES } from "../journal/plan.ts";
import { SYSTEM_NAMES } from "../systems/system.ts";
import { DEFAULT_POLL } from "../watchdog/watchdog.ts";
import { DEFAULT_CHECKS } from "./default-checks.ts";
import { expectationItems } from "./expectation-item.ts";
import { limitKeys } from "./limit-keys.ts";
import { loadItem, preloadTtl, spreadSlots, toolItem } from "./load-keys.ts";
import { lockKeys } from "./lock-keys.ts";
import {
  duration,
  durations,
  HOUR,
  linePattern,
  list,
  MAX_DURATION,
  MS,
  name,
  SECOND,
  serverSettings,
  text,
  valueSize,
} from "./schema-parts.ts";
import { topologyKey } from "./topology-key.ts";

/*
 * The format of experiment files: one zod schema per top-level key, with every limit and every default. What needs more
 * than one key to be judged (references, triggers, the timetable) is judged in load.ts and the files it calls.
 */

const MOST_LOADS = 32;

const condition = z.strictObject({
  node: z.string().optional().describe("A node's name, or `master`, `replica`, `any-replica`; needed but with `pause`"),
  state: z
    .enum(TRIGGER_STATES)
    .optional()
    .describe("What the node's INFO says; `migrating`, `importing`: a slot is on its way from, or to, its shard"),
  progress: percentRange
    .optional()
    .describe(
      "Progress of the full sync, of loading, or of the migration (share of its slots and keys) from which on it starts",
    ),
  bytes: sizeRange
    .refine(({ min }) => min >= 1, { error: "expected at least 1B" })
    .optional()
    .describe("Bytes of the full sync that have reached the node when it starts; where nobody tells the progress"),
  log: linePattern.optional().describe("A regular expression for one line of the node's log"),
  nth: z
    .int()
    .min(1)
    .max(1_000_000)
    .optional()
    .describe("With `log` or `pause`: which of the lines that match, or of the pauses (default: 1)"),
  "since-start": durations(0, MAX_DURATION).optional().describe("So long after the node's server was last started"),
  pause: z.string().optional().describe("The id of a `pause-thread` fault: when a thread begins to pause by it"),
});

/** What every fault has beside its own parameters. */
export const faultItem = z.object({
  id: name.optional().describe("Default: the fault's name and a number, like `partition-1`"),
  fault: z.string().describe("What goes wrong: a name from the list of faults"),
  at: durations(0, MAX_DURATION).optional().describe("Time since the chaos phase began"),
  every: durations(MS, HOUR).optional().describe("Pause between two starts, again and again; needs `count`"),
  count: z
    .int()
    .min(1)
    .max(10_000)
    .optional()
    .describe(
      "How often, with `every` or `when` (there 1 by default): the state, the lines, the start or the pause must come anew",
    ),
  start: durations(0, MAX_DURATION).optional().describe("First start, with `every` (default: `0s`)"),
  after: z.string().optional().describe("The id of the fault with whose start this one starts"),
  when: condition
    .optional()
    .describe(
      "A node's state, a line of its log, the time since its server was started, or a thread's pause; `delay` and `count` go beside it",
    ),
  delay: durations(0, MAX_DURATION)
    .optional()
    .describe("Wait after the trigger, with `after` or `when` (default: `0s`)"),
  for: durations(MS, MAX_DURATION).optional().describe("How long it lasts; without it until the heal phase"),
});
export type FaultItem = z.output<typeof faultItem>;

const findingType = z.enum(FINDING_TYPES);

const TYPES = ["string", "list", "set", "zset", "hash"] as const;

export const experimentSchema = z.strictObject({
  title: text(200).describe("One line: what is expected to go wrong, or to hold"),
  description: text(10_000).optional().describe("For the reader"),
  why: text(400).optional().describe("In a sentence or two: why it should fail where it does, or what it proves"),
  systems: list(z.enum(SYSTEM_NAMES))
    .prefault([...SYSTEM_NAMES])
    .describe("Systems on which it makes sense"),
  issue: z
    .url({ protocol: /^https?$/, error: "expected an http or https address" })
    .optional()
    .describe("The address of the issue that it stands for"),
  tags: z.array(name).max(50).prefault([]).describe("For `kvchaos list --tag`"),
  images: z
    .strictObject({
      affected: text(300).optional().describe("An image that shows the bug"),
      fixed: text(300).optional().describe("An image that does not"),
      nodes: z
        .record(name, text(300))
        .refine((nodes) => Object.keys(nodes).length > 0, { error: "expected a node or a role with its image" })
        .optional()
        .describe(
          "Nodes with an image of their own, by name or as `masters`, `replicas`, `sentinels`, `controllers`: `{ m1: redis:7.0.15 }`; all others run on the run's image, which without `--image` is then the affected one, or else the first of these",
        ),
    })
    .prefault({})
    .describe("Images that show the bug, and that do not; and who runs on another image than the others"),
  cluster: z
    .union([topologyKey, text(1000)])
    .describe("The nodes: how many of each, or a Compose file, relative to this file"),
  config: serverSettings
    .prefault({})
    .describe('Server configuration per system, for all nodes: `{ redis: { save: "" } }`'),
  preload: z
    .strictObject({
      keys: z.int().min(1).max(1e7).describe("How many, on every master"),
      value: valueSize.prefault("100B").describe("Length of the data of a key"),
      types: list(z.enum(TYPES))
        .prefault([...TYPES])
        .describe("Types of the keys, taken in turn"),
      slots: spreadSlots.describe("With `mode: cluster`: in how many slots of each shard they are (default: 8)"),
      ttl: preloadTtl,
    })
    .optional()
    .describe("Data written before anything else"),
  databases: z
    .int()
    .min(2)
    .max(16)
    .optional()
    .describe(
      "So many databases (SELECT), from 0 on, get their part of every load and all of the preload, and are compared and read in the end (default: only the first)",
    ),
  namespaces: z
    .int()
    .min(2)
    .max(16)
    .optional()
    .describe(
      "The same of namespaces (Kvrocks; AUTH with the token of each): the default one and so many more as are missing",
    ),
  "full-sync": z
    .literal("force", { error: 'expected "force", or nothing' })
    .optional()
    .describe(
      "`force`: replicas copy all data whenever they get a master; a run without any full sync is inconclusive",
    ),
  cores: z
    .boolean()
    .prefault(false)
    .describe(
      "`true`: a server that dies leaves a core, of which the finding gets the stacks of all threads (needs gdb)",
    ),
  ...lockKeys,
  load: z
    .array(z.union([loadItem, toolItem]))
    .max(MOST_LOADS)
    .prefault([])
    .describe("What clients do meanwhile"),
  faults: z.array(faultItem.loose()).max(200).prefault([]).describe("What goes wrong, and when"),
  "warm-up": duration(0, HOUR).prefault("3s").describe("Load without faults; calibrates the watchdog"),
  duration: duration(SECOND, MAX_DURATION)
    .optional()
    .describe("Length of the chaos phase (default: what the faults' times need, at least `30s`)"),
  watchdog: z
    .strictObject({
      "hang-after": duration(100 * MS, HOUR)
        .prefault("5s")
        .describe("Silence for this long is a hang, and evidence is taken"),
      "hang-limit": duration(100 * MS, MAX_DURATION)
        .optional()
        .describe("A hang longer than this is a finding even if it ends"),
      "slow-after": duration(MS, HOUR).optional().describe("Answers slower than this are slow (default: calibrated)"),
      "stall-after": duration(100 * MS, HOUR)
        .prefault("10s")
        .describe("Replication that stands still for this long while the master moves is stalled"),
      connections: z
        .int()
        .min(1)
        .max(256)
        .optional()
        .describe(
          "Established probe connections per node (default: 16; where one thread serves all of them, Redis without `io-threads`, as many as ask it every 125 ms, at least 4)",
        ),
      interval: duration(10 * MS, 60 * SECOND)
        .optional()
        .describe("Pause between two questions on one connection (default: 500ms, and at most half of hang-after)"),
      poll: duration(10 * MS, 60 * SECOND)
        .prefault(formatDuration(DEFAULT_POLL))
        .describe("Pause between two INFO of one node: down to `10ms` where watching may be the fault"),
    })
    .prefault({})
    .describe("When silence is a hang"),
  recovery: z
    .strictObject({ within: duration(0, HOUR).prefault("30s").describe("Time to serve and replicate again") })
    .prefault({})
    .describe("How long recovery may take after the heal phase"),
  reconcile: z
    .enum(RECONCILES)
    .prefault("minimal")
    .describe(
      "Whom the heal phase tells a role, once the faults are healed: `minimal`, only servers that are not where they should be (what the experiment's own commands moved stays); `operator`, every one; `none`",
    ),
  checks: list(z.string())
    .optional()
    .describe(
      `How it is judged (default: those of ${DEFAULT_CHECKS.join(", ")} that can answer here); one that could never answer is refused`,
    ),
  allow: z
    .array(
      z
        .string()
        .regex(/^[A-Za-z][A-Za-z0-9-]*$/, { error: "expected the first word of an error reply, like NOREPLICAS" }),
    )
    .max(50)
    .prefault([])
    .describe(
      "Errors that clients may get to the very end without a finding of `serves`: first words of error replies, `[NOREPLICAS]`",
    ),
  expectations: expectationItems,
  ...limitKeys,
  "expect-roles": z
    .record(z.string(), z.string())
    .prefault({})
    .describe(
      "What nodes are to be in the end, for `one-master` and recovery, where it is not what the topology says: node → `master`, `replica`, the name of the master that it is to follow, or `any`",
    ),
  losses: z
    .enum(["none", "unconfirmed", "any"])
    .optional()
    .describe(
      "Which acknowledged writes may get lost, for `no-lost-writes` (default: `unconfirmed`): those that were not confirmed when their master was replaced or interrupted; `none`, where the configuration promises more (WAIT, `min-replicas-to-write`, `appendfsync always`); or `any`, which are counted and no finding",
    ),
  "stop-on": z.enum(["first-finding", "end"]).prefault("end").describe("Whether a finding ends the chaos phase"),
  expect: z
    .strictObject({
      finding: z
        .union([findingType, list(findingType)], {
          error: `expected a finding type (${FINDING_TYPES.join(", ")}), or a list of them`,
        })
        .describe("A type of finding, or a list: one of them is enough"),
      class: name.optional().describe("Its class, like `deadlocked`; of a single type"),
      sometimes: z
        .boolean()
        .prefault(false)
        .describe("`true`: the bug does not show in every run; without it a run is no failure"),
    })
    .optional()
    .describe("What a run must find (controls, known bugs)"),
  "time-to-finding": durations(0, MAX_DURATION)
    .optional()
    .describe("How long it typically takes from the beginning of chaos to that of the finding, like `2s..20s`"),
});

/** The list of loads; each is read by itself (read-load.ts, read-benchmarks.ts). */
export const loadList = z.array(z.unknown()).max(MOST_LOADS).prefault([]);

/** When no duration is given, the chaos phase lasts as long as the timetable needs, but at least this (ms). */
export const DEFAULT_DURATION = 30 * SECOND;
/** `start` and `delay` when they are not given. */
export const NO_DELAY: Range = { min: 0, max: 0 };
