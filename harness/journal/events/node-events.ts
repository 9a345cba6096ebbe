import { z } from "zod";
import { event } from "../shapes.ts";

/** What the watchdog says of one node. `healthy` and `unknown` frame the results of docs/checks.md#the-watchdog. */
const NODE_CONDITIONS = [
  "unknown",
  "healthy",
  "slow",
  "restoring",
  "stalled",
  "partial",
  "unresponsive", // no answer, hardly any CPU used, and its threads go on turning
  "livelocked",
  "deadlocked",
  "dead",
  "paused",
  "down", // stopped by our own kill/restart fault
  "starved",
  "unreachable", // of a server that is not ours: no packet comes back from its host
] as const;
export type NodeCondition = (typeof NODE_CONDITIONS)[number];

/** Conditions of a server that runs and leaves clients without an answer. */
export const HANGS: readonly NodeCondition[] = ["partial", "unresponsive", "livelocked", "deadlocked"];

/** Events about one server: its condition, its probes' cover, its container, its log, and whom it takes for master. */
export const nodeEventSchemas = [
  /** The watchdog's verdict on a node changed. `since`: when the new condition really began (before it was confirmed). */
  event("condition", {
    node: z.string(),
    was: z.enum(NODE_CONDITIONS),
    now: z.enum(NODE_CONDITIONS),
    since: z.number(),
    why: z.string(),
    /** Silent probe connections of all, for partial and total hangs. */
    silent: z.number().optional(),
    of: z.number().optional(),
    /** Of a partial hang on a multi-threaded server whose threads are known: how many answer, and which do not ("worker 30276"). */
    workers: z.object({ of: z.number(), answering: z.number(), silent: z.array(z.string()) }).optional(),
  }),
  /**
   * Which classes of command a node that hangs still answers, from two seconds after the hang was confirmed; again when that
   * changes. A class that was not asked is in none of the lists.
   */
  event("classes", {
    node: z.string(),
    /** When the hang was confirmed. */
    confirmed: z.number(),
    /** "INFO", "CONFIG GET", "PING", "GET", "SET", "PING on a new connection". */
    answering: z.array(z.string()),
    /** Some connections get answers, some do not. */
    partly: z.array(z.string()),
    silent: z.array(z.string()),
  }),
  /** Do the probes lie on every worker thread of a multi-threaded server? Before the first fault, and after restarts. */
  event("cover", {
    node: z.string(),
    /** Worker threads of the server; null: nobody could tell. */
    workers: z.number().nullable(),
    /** Those with a probe connection; null: argued by numbers. */
    covered: z.number().nullable(),
    /** Established probe connections. */
    connections: z.number(),
    proof: z.enum(["proc", "numbers"]),
    /** By numbers: the probability that no worker is left out, 0..1. */
    chance: z.number().nullable(),
    /** Why it is not proved or not complete. */
    why: z.string().nullable(),
  }),
  event("container", {
    node: z.string(),
    action: z.enum(["start", "die", "oom", "pause", "unpause"]),
    exitCode: z.number().nullable(),
    /** True when a fault or the teardown of this run asked for it. */
    ours: z.boolean(),
  }),
  /** A replica was not linked with its master in time, before the first fault: they are of two images, or it is in a dead end by its own word. */
  event("unattached", {
    node: z.string(),
    image: z.string(),
    master: z.string(),
    masterImage: z.string(),
    /** What it said of its link. */
    link: z.string(),
  }),
  /** A stopped node was started again with another server on its data, or with its own, which then ended before it answered. */
  event("server", {
    node: z.string(),
    /** Id of the fault's occurrence. */
    by: z.string(),
    /** The image of its server until then. */
    before: z.string(),
    image: z.string(),
    digest: z.string().nullable(),
    container: z.string(),
    /** As it says itself; null: it has not said it. */
    version: z.string().nullable(),
    /** It ended before it had answered; null: it runs. */
    ended: z.object({ exitCode: z.number().nullable(), lastLines: z.array(z.string()) }).nullable(),
  }),
  /** A server log line that a log rule of its system recognised. */
  event("log", {
    node: z.string(),
    rule: z.string(),
    line: z.string(),
    /** Numbers and words the rule captured. */
    fields: z.record(z.string(), z.string()),
  }),
  /**
   * Where servers, sentinels or controllers choose the masters: what one of them said, after load had stopped, of who is master of each shard.
   * Shards are numbered from 1, in the order of the first topology's masters.
   */
  event("role-view", {
    node: z.string(),
    /** `owner` null: nobody, or a server that this cluster does not know. */
    shards: z.array(z.object({ shard: z.number(), owner: z.string().nullable(), epoch: z.number().nullable() })),
    /** Shards of which it says that it is the master itself. */
    claims: z.array(z.number()),
  }),
  /** What a controller's answers have become: `silent`, none within a second; `follows`, it sends to the one that leads. */
  event("controller", {
    node: z.string(),
    says: z.enum(["leads", "follows", "silent"]),
    detail: z.string().optional(),
  }),
  /** A controller that leads shows another topology than it did before. Names null: none of this cluster. Slots: both ends included. */
  event("controller-topology", {
    node: z.string(),
    version: z.number(),
    shards: z.array(
      z.object({
        masters: z.array(z.string().nullable()),
        replicas: z.array(z.string().nullable()),
        slots: z.array(z.tuple([z.number(), z.number()]).readonly()),
        migrating: z.number().nullable(),
      }),
    ),
  }),
] as const;
