import { z } from "zod";
import { asWritten, type OneOf } from "./shapes.ts";

const words = z.array(z.string()).readonly();

/** One moment in a key's life: what a report draws on one time line. `to` null: never answered. `node` null: it concerns all. */
const lifeMomentSchema = z.object({
  what: z.enum(["write", "read", "deadline", "final-read", "flush", "flush-effect", "switch", "kill", "fault"]),
  from: z.number(),
  to: z.number().nullable(),
  node: z.string().nullable(),
  /** Shown value: "v1234", "nothing", a foreign value's text; null for what has none. */
  value: z.string().nullable(),
  outcome: z.enum(["ok", "fail", "info"]),
  /** True for the moments that contradict each other. */
  marked: z.boolean(),
});
export type LifeMoment = z.infer<typeof lifeMomentSchema>;

/** A key, or an element of it, that holds something else than it had to. */
const wrongCellSchema = z.object({
  key: z.string(),
  /** Member of a sorted set or field of a hash; null for a string. */
  element: z.string().nullable(),
  found: z.string(),
  expected: z.string(),
  life: z.array(lifeMomentSchema).optional(),
});
export type WrongCell = z.infer<typeof wrongCellSchema>;

/** One key of a replica against its master's. Keys are shown as escaped text, values shortened. */
export const keyDifferenceSchema = z.object({
  key: z.string(),
  kind: z.enum(["missing-on-replica", "extra-on-replica", "type", "value"]),
  master: z.string().nullable(),
  replica: z.string().nullable(),
});

/** What a node answered while it hung, by classes of commands. A class that was not asked is in none of the lists. */
const stillAnsweringSchema = z.object({
  answering: words,
  partly: words,
  silent: words,
  /** One or two sentences. */
  text: z.string(),
});
export type StillAnswering = z.infer<typeof stillAnsweringSchema>;

/*
 * One shape for each way in which a check looks at a run. What is optional is not in journals of older versions, or not always
 * known. `captures`, `captured`: what the captures say in short.
 */

/** A run before this one has foreseen this deadlock, and this one was made to bring it about. */
const predicted = z.strictObject({
  run: z.string(),
  /** Of the prediction. */
  signature: z.string(),
  /** What made it real: "a pause of 2.5 s before ReplicationThread::Stop in thread worker". */
  pause: z.string(),
});
export type Predicted = z.infer<typeof predicted>;

/** A server left connections without an answer. */
const hang = z.strictObject({
  /** What the watchdog saw. */
  why: z.string(),
  /** Silent probe connections, of all. */
  silent: z.number().nullable(),
  of: z.number().nullable(),
  outlivedRecovery: z.boolean(),
  captures: words,
  answering: stillAnsweringSchema.optional(),
  /** Everybody waits for a lock whose holders nothing records. */
  waits: z.literal("held-by-readers").optional(),
  predicted: predicted.optional(),
});

/** A command that a fault gave a server was answered late or never. `ms`: for so long; `commands`: so many like it. */
const lateCommand = z.strictObject({
  command: z.string(),
  /** Plan id of the fault occurrence. */
  by: z.string(),
  ms: z.number(),
  answered: z.boolean(),
  commands: z.number(),
  captures: words,
  argv: words.optional(),
  /** The timeout that is part of it, ms. */
  expected: z.number().nullable().optional(),
  /** What CLIENT LIST says of its client. */
  flags: z.string().optional(),
  predicted: predicted.optional(),
});

/** A node was slow or stalled also when recovery was over. */
const lastingCondition = z.strictObject({ why: z.string(), ms: z.number().optional(), captures: words });

const shutdownHang = z.strictObject({ via: z.string(), within: z.number(), captured: words });

const uncleanExit = z.strictObject({
  via: z.string(),
  exitCode: z.number().nullable(),
  signal: z.string().nullable().optional(),
  lastLines: words.optional(),
  core: z.string().nullable().optional(),
});

const crash = z.strictObject({
  exitCode: z.number().nullable(),
  signal: z.string().nullable(),
  oom: z.boolean(),
  /** Of its log: what the rules of its system know. */
  lines: words,
  lastLines: words.optional(),
  /** What is known of the core that it left; null: nobody looked for one. */
  core: z.string().nullable().optional(),
  /** The fault that started it. */
  by: z.string().optional(),
  /** Commands that it had not answered. */
  waited: words.optional(),
});

/** The process is gone, as the watchdog alone saw. */
const processGone = z.strictObject({ why: z.string() });

/** Recorded operations contradict each other: in so many cells, of which the first ones are listed and the first one's life is told. */
const contradiction = z.strictObject({
  load: z.string(),
  key: z.string(),
  element: z.string().nullable(),
  count: z.number(),
  cells: z.array(wrongCellSchema),
  life: z.array(lifeMomentSchema),
});

/** A replica holds other data than its master: in so many keys, of which the first ones are listed. */
const divergence = z.strictObject({
  master: z.string(),
  different: z.number(),
  /** The same number, where reports look for it. */
  count: z.number().optional(),
  masterKeys: z.number(),
  replicaKeys: z.number(),
  differences: z.array(keyDifferenceSchema),
  /** The replica had no way to its master's data: why. */
  apart: z.string().optional(),
});

/** The same where a recorded load wrote some of these keys. */
const recordedDivergence = divergence.extend({
  key: z.string(),
  element: z.string().nullable(),
  life: z.array(lifeMomentSchema),
  cells: z.array(wrongCellSchema),
});

/** What the experiment expects did not come about in `unmet` of so many cases. */
const unmetExpectation = z.strictObject({
  expectation: z.string(),
  observed: z.string(),
  lines: words,
  unmet: z.number(),
  of: z.number(),
});

/** Full syncs of a replica: all that began, those that failed by themselves, and those that the finding is about, in words. */
const manyFullSyncs = z.strictObject({ begun: z.number(), failedSyncs: z.number(), syncs: words });

/** Resident memory. Bytes; `peakAt` run ms. */
const memoryGrowth = z.strictObject({
  baseBytes: z.number(),
  limitBytes: z.number(),
  peakBytes: z.number(),
  peakAt: z.number(),
});

/** A limit of the user's own: how it went. */
const brokenLimit = z.strictObject({
  /** As it was written. */
  limit: z.string(),
  /** null: it is about a node. */
  load: z.string().nullable(),
  /** Of what `unit` says; the worst, and what it had to be. */
  worst: z.number(),
  bound: z.number(),
  unit: z.enum(["ms", "per-second", "bytes", "share", "count"]),
  /** How it went: run ms and values. Where there are many, the worst of neighbours. */
  curve: z.array(z.tuple([z.number(), z.number()]).readonly()).readonly(),
});

const slowRecovery = z.strictObject({ waiting: words, within: z.number() });

/** Operations of clients (`load`) or of our probes (null), by outcome. */
const unserved = z.strictObject({
  load: z.string().nullable(),
  ok: z.number().optional(),
  refused: z.number(),
  unknown: z.number().optional(),
  notSent: z.number().optional(),
  errors: z.record(z.string(), z.number()),
  /** Operations per second in the warm-up. */
  before: z.number().nullable().optional(),
  seconds: z.number().optional(),
});

/** A server broke the protocol: what came, on so many connections of a load. `command` null: nobody knows for which. */
const brokenProtocol = z.strictObject({
  load: z.string(),
  command: z.string().nullable(),
  count: z.number(),
  text: z.string(),
});

/** Nobody claims a shard. */
const vacancy = z.strictObject({
  shard: z.number().optional(),
  slots: z.tuple([z.number(), z.number()]).readonly().nullable(),
  master: z.string(),
  /** Node of the shard → how it ended. */
  gone: z.record(z.string(), z.string()),
  alive: words,
  observed: z.string(),
  lines: words,
});

/** A node has another role than the one that was meant. */
const otherRole = z.strictObject({
  masters: words,
  meant: words,
  replicaOf: z.record(z.string(), z.string()),
  observed: z.string().optional(),
});

/** A node claims another one's shard. */
const strangeClaim = z.strictObject({
  shard: z.number(),
  master: z.string(),
  claimants: words.optional(),
  observed: z.string().optional(),
});

/** A node takes another owner for a shard's than those who agreed. */
const otherOwner = z.strictObject({
  shard: z.number(),
  owner: z.string().nullable(),
  agreed: z.string().optional(),
  observed: z.string().optional(),
});

/** A decision of controllers, or one that they owe: `version` of their topology; `lines` of their logs, with node and time. */
const decision = z.strictObject({
  shard: z.number().nullable(),
  version: z.number(),
  observed: z.string(),
  lines: words,
});

/** A deadlock that did not happen and can: its `prediction` event has the rest. */
const lockOrder = z.strictObject({ signature: z.string(), nodes: words, gap: z.number().nullable() });

const shapes = z.union([
  hang,
  lateCommand,
  lastingCondition,
  shutdownHang,
  uncleanExit,
  crash,
  processGone,
  contradiction,
  divergence,
  recordedDivergence,
  unmetExpectation,
  slowRecovery,
  manyFullSyncs,
  memoryGrowth,
  brokenLimit,
  unserved,
  brokenProtocol,
  vacancy,
  otherRole,
  strangeClaim,
  otherOwner,
  decision,
  lockOrder,
]);

/** What a finding tells beyond its sentence. */
export type FindingDetail = OneOf<z.infer<typeof shapes>>;

/** undefined: in a shape that this version does not know; the finding's own words still count. */
export const findingDetailSchema = asWritten<FindingDetail>(shapes).optional().catch(undefined);
