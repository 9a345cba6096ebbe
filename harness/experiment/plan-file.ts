import { type Pair, stringify } from "yaml";
import { z } from "zod";
import { mistakesError, YamlSource } from "../base/mistakes.ts";
import { expectationSchema, STATES } from "../journal/expectation.ts";
import { SYSTEM_NAMES } from "../systems/system.ts";
import type { Plan } from "./experiment.ts";
import { Mistakes } from "./read/zod-mistakes.ts";
import type { Registries } from "./registries.ts";
import { RECONCILES } from "./schema.ts";
import { hiddenPlan } from "./secrets.ts";

/**
 * The plan as YAML, to be read by people and by `readPlan`. The same plan gives the same text. Times are milliseconds; secrets are
 * hidden.
 */
export function writePlan(plan: Plan): string {
  const head = "# A resolved plan: every random choice is made. Times in milliseconds, sizes in bytes.\n";
  return head + stringify(hiddenPlan(plan), { lineWidth: 0, aliasDuplicateObjects: false, sortMapEntries: byRank });
}

/** What a reader looks for first; the rest in alphabetical order, so that a plan that was read back is written alike. */
const FIRST = "version seed id name title why expect timeToFinding kind fault trigger experiment faults".split(" ");

function byRank(a: Pair, b: Pair): number {
  const [left, right] = [String(a.key), String(b.key)];
  const rank = (key: string): number => (FIRST.includes(key) ? FIRST.indexOf(key) : FIRST.length);
  return rank(left) - rank(right) || (left < right ? -1 : left > right ? 1 : 0);
}

/**
 * Reads what `writePlan` wrote, perhaps edited since (fewer faults, other times).
 * @param file how the file is named in messages
 * @throws ChaosError `invalid-experiment` with file:line:column for every mistake
 */
export function readPlan(text: string, file: string, registries: Pick<Registries, "faults">): Plan {
  const source = YamlSource.parse(file, text);
  const mistakes = new Mistakes(source);
  const plan = mistakes.parse(planSchema, source.value, []);
  const ids = plan?.faults.map(({ id }) => id) ?? [];
  plan?.faults.forEach((fault, index) => {
    const path = ["faults", index];
    const kind = registries.faults.get(fault.fault);
    const params = kind && mistakes.parse(kind.parameters.planned, fault.params, [...path, "params"]);
    if (params) fault.params = params;
    if (!registries.faults.has(fault.fault)) {
      mistakes.unknown([...path, "fault"], "fault", fault.fault, registries.faults.keys());
    }
    if (ids.indexOf(fault.id) < index) mistakes.add([...path, "id"], `the id "${fault.id}" is there twice`);
    const { trigger } = fault;
    if (trigger.kind === "after" && !ids.includes(trigger.after)) {
      mistakes.unknown([...path, "trigger", "after"], "fault id", trigger.after, ids);
    }
  });
  if (mistakes.list.length > 0 || !plan) throw mistakesError(mistakes.list);
  return plan;
}

const ms = z.number().min(0);
const bounds = z
  .strictObject({ min: z.number().min(0), max: z.number().min(0) })
  .refine(({ min, max }) => min <= max, { error: "impossible range: min is above max" });
const nameList = z.array(z.string());
const loadedNodes = z.union([z.enum(["masters", "replicas"]), nameList]);

const serverSettings = z.record(z.string(), z.string()).optional();

const plannedFault = z.strictObject({
  id: z.string().min(1),
  fault: z.string(),
  trigger: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("at"), at: ms }),
    z.strictObject({ kind: z.literal("after"), after: z.string(), delay: ms }),
    z.strictObject({
      kind: z.literal("when"),
      when: z.discriminatedUnion("kind", [
        z.strictObject({
          kind: z.literal("state"),
          node: z.string(),
          state: z.enum(STATES),
          progress: z.number().min(0).max(1).nullable(),
        }),
        z.strictObject({ kind: z.literal("sync-bytes"), node: z.string(), bytes: z.number().positive() }),
        z.strictObject({
          kind: z.literal("log"),
          node: z.string(),
          pattern: z.string(),
          nth: z.int().min(1).default(1),
        }),
        z.strictObject({ kind: z.literal("since-start"), node: z.string(), after: ms }),
      ]),
      delay: ms,
    }),
  ]),
  duration: ms.nullable(),
  params: z.record(z.string(), z.unknown()),
});

const planSchema: z.ZodType<Plan> = z.strictObject({
  version: z.literal(1),
  seed: z.string(),
  experiment: z.strictObject({
    file: z.string(),
    title: z.string(),
    description: z.string().nullable(),
    why: z.string().nullable().default(null),
    systems: z.array(z.enum(SYSTEM_NAMES)),
    issue: z.string().nullable(),
    tags: nameList,
    images: z.strictObject({ affected: z.string().optional(), fixed: z.string().optional() }),
    cluster: z.string(),
    config: z.strictObject({ kvrocks: serverSettings, pika: serverSettings, redis: serverSettings }).partial(),
    preload: z
      .strictObject({
        keys: z.int().min(1),
        value: bounds,
        types: z.array(z.enum(["string", "list", "set", "zset", "hash"])).min(1),
      })
      .nullable(),
    fullSync: z.literal("force").nullable().default(null),
    cores: z.boolean().default(false),
    load: z.array(
      z.strictObject({
        name: z.string(),
        workload: z.string(),
        on: loadedNodes,
        connections: z.int().min(1),
        pipeline: z.int().min(1),
        rate: z.number().positive().nullable(),
        keys: z.int().min(1),
        keyPrefix: z.string(),
        value: bounds,
        elements: z.int().min(1),
        timeout: ms,
        record: z.boolean().default(false),
        wait: z
          .strictObject({ replicas: z.int().min(1), within: ms })
          .nullable()
          .default(null),
      }),
    ),
    benchmarks: z.array(z.strictObject({ name: z.string(), on: loadedNodes, args: z.array(z.string()) })).default([]),
    warmUp: ms,
    duration: ms,
    watchdog: z.strictObject({
      hangAfter: ms,
      hangLimit: ms.nullable(),
      slowAfter: ms.nullable(),
      stallAfter: ms,
      connections: z.int().min(1),
      interval: ms,
      poll: ms,
    }),
    recovery: z.strictObject({ within: ms }),
    // Before it could be said, every server was told its role again.
    reconcile: z.enum(RECONCILES).default("operator"),
    allow: nameList.default([]),
    checks: nameList,
    expectations: z.array(expectationSchema).default([]),
    losses: z.enum(["none", "any"]).nullable().default(null),
    stopOn: z.enum(["first-finding", "end"]),
    expect: z
      .strictObject({
        // One type in plans of version 0.1.0's beginning.
        finding: z.union([nameList.min(1), z.string().transform((type) => [type])]),
        class: z.string().nullable(),
        sometimes: z.boolean().default(false),
      })
      .nullable(),
    timeToFinding: bounds.nullable().default(null),
  }),
  faults: z.array(plannedFault),
});
