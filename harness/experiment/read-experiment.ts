import { resolve } from "node:path";
import type { z } from "zod";
import { ChaosError } from "../base/chaos-error.ts";
import { mistakesError, YamlSource } from "../base/mistakes.ts";
import type { Experiment } from "./experiment.ts";
import { limitsOf } from "./limit-keys.ts";
import { checkAfter, checkPauses, checkTimetable } from "./read/check-timetable.ts";
import { checkPromotions } from "./read/known-masters.ts";
import { readChecks } from "./read/read-checks.ts";
import { checkOwnSettings, readCluster } from "./read/read-cluster.ts";
import { readExpectations } from "./read/read-expectations.ts";
import { readExpectedRoles } from "./read/read-expected-roles.ts";
import { readFaults } from "./read/read-faults.ts";
import { checkClocks, checkDatabases, checkNamespaces } from "./read/read-key-spaces.ts";
import { readLimits } from "./read/read-limits.ts";
import { checkLifetime, readLoads } from "./read/read-loads.ts";
import { readLocks } from "./read/read-locks.ts";
import { readNodeImages } from "./read/read-node-images.ts";
import { checkSlots } from "./read/read-slots.ts";
import { readText } from "./read/read-text.ts";
import type { Reading } from "./read/reading.ts";
import { wrongFullSync } from "./read/rulers.ts";
import { Mistakes } from "./read/zod-mistakes.ts";
import { headOf, mapIn } from "./read-head.ts";
import type { Registries } from "./registries.ts";
import { experimentSchema } from "./schema.ts";
import { chooseVias } from "./vias.ts";

/*
 *   file ──► text ──► YAML with positions ──► each top-level key by its own schema (schema.ts)
 *            read-text    base/mistakes           │
 *                                                 ├─► faults: trigger, own parameters, nodes and links   read-faults
 *   Compose file, or topology ──► its shape ──────┤
 *                                                 └─► after-circles and the timetable                    timetable
 *                                                          │
 *                                Experiment, or every mistake at once as file:line:column
 */

/** Between two questions on one connection: four of them notice silence four times as fast. ms */
const PROBE_INTERVAL = 500;

type Sections = typeof experimentSchema.shape;
type Section<K extends keyof Sections> = z.output<Sections[K]> | undefined;

/**
 * Reads and checks an experiment file. Nothing has been started when this rejects.
 * @throws ChaosError `invalid-experiment`: one line per mistake, `file:line:column: message (hint)`
 */
export async function readExperiment(file: string, registries: Registries): Promise<Experiment> {
  return readExperimentText(await readText(file), file, registries);
}

/** The same of a text that need not be in the file: what it names is relative to there. */
export async function readExperimentText(text: string, file: string, registries: Registries): Promise<Experiment> {
  const path = resolve(file);
  const source = YamlSource.parse(file, text);
  const mistakes = new Mistakes(source);
  const raw = mapIn(source, mistakes);
  const sections: Sections = experimentSchema.shape;
  for (const key of Object.keys(raw))
    if (!Object.hasOwn(sections, key)) mistakes.unknownKey([], key, Object.keys(sections));
  const part = <K extends keyof Sections>(key: K): Section<K> =>
    mistakes.parse(sections[key] as unknown as z.ZodType<z.output<Sections[K]>>, raw[key], [key]);

  const head = headOf(raw, mistakes);
  const { systems } = head;
  const { cluster, shape, broken } = await readCluster(raw.cluster, {
    mistakes,
    registries,
    systems,
    experiment: path,
  });
  const reading = { registries, mistakes, shape, systems };
  readNodeImages(head.images?.nodes, reading);
  const asked = readLoads(raw.load, reading);
  part("faults");
  const recordable = asked.load.map(({ spec }) => spec.name);
  const drafts = readFaults(raw.faults, recordable, reading);
  const faults = drafts.flatMap(({ spec }) => spec ?? []);
  const load = chooseVias(asked.load, faults, reading);
  const benchmarks = chooseVias(asked.benchmarks, faults, reading);
  checkAfter(drafts, mistakes);
  checkPauses(drafts, mistakes);
  checkPromotions(drafts, reading);
  const duration = checkTimetable(drafts, part("duration"), mistakes);
  const databases = part("databases");
  if (databases !== undefined) checkDatabases(databases, faults, reading);
  const config = part("config");
  const namespaces = part("namespaces");
  if (namespaces !== undefined) checkNamespaces(config, faults, reading);
  const preload = readPreload(part("preload"), reading);
  checkClocks({ load: asked.load, preload }, faults, reading);
  const fullSync = part("full-sync") ?? null;
  const noSync = fullSync && shape ? wrongFullSync(shape, reading) : null;
  if (noSync !== null) mistakes.add(["full-sync"], noSync);
  const watchdog = readWatchdog(part("watchdog"), mistakes);
  const expectations = readExpectations(raw.expectations, {
    ...reading,
    faults: drafts,
    loads: [...load, ...benchmarks].map(({ name }) => name),
    duration,
    recovery: part("recovery")?.within,
    poll: watchdog?.poll,
  });
  const own = readLimits(raw.limits, { ...reading, load, benchmarks, databases });
  const limits = {
    ...limitsOf({ "full-syncs": part("full-syncs"), memory: part("memory") }),
    ...(own.length > 0 ? { own } : {}),
  };
  const alone = limits.fullSyncs && shape?.replicas.length === 0;
  if (alone) mistakes.addKey(["full-syncs"], "full-syncs limits replicas, and the cluster has none");
  // What was not understood may be just what a check needs.
  const whole = isRead(raw.faults, faults) && isRead(raw.load, [...load, ...benchmarks]);
  const read = whole
    ? { load, benchmarks, faults, systems, expectations, limits, locks: part("locks") !== false }
    : undefined;
  const checks = readChecks(raw.checks, part("checks"), read, reading);
  if (typeof cluster === "object" && config) checkOwnSettings(cluster, config, mistakes);
  const rest = {
    ...head,
    description: part("description") ?? null,
    why: part("why") ?? null,
    config,
    ...(databases === undefined ? {} : { databases }),
    ...(namespaces === undefined ? {} : { namespaces }),
    preload,
    fullSync,
    cores: part("cores"),
    ...readLocks({ locks: part("locks"), noise: part("noise"), known: part("known") }, { faults, checks }, mistakes),
    confirms: null,
    warmUp: part("warm-up"),
    recovery: part("recovery"),
    reconcile: part("reconcile"),
    allow: part("allow"),
    expectRoles: readExpectedRoles(part("expect-roles"), part("checks"), reading),
    losses: readLosses(part("losses"), part("checks") ?? [], mistakes),
    stopOn: part("stop-on"),
    timeToFinding: part("time-to-finding") ?? null,
  };
  if (mistakes.list.length > 0 || broken) throw together(mistakes, broken);
  return {
    file: path,
    ...rest,
    cluster,
    load,
    benchmarks,
    faults,
    duration,
    watchdog,
    checks: withAsked(checks ?? [], { expectations, limits }),
    expectations,
    limits,
  } as Experiment; // every part that is undefined left a mistake behind
}

/** What is expected and allowed on the way is judged, whatever else is. */
function withAsked(checks: string[], { expectations, limits }: Pick<Experiment, "expectations" | "limits">): string[] {
  const asked = [
    ...(expectations.length > 0 ? ["expectations"] : []),
    ...(limits.fullSyncs ? ["full-syncs"] : []),
    ...(limits.memory ? ["memory"] : []),
    ...(limits.own ? ["limits"] : []),
  ];
  return [...new Set([...checks, ...asked])];
}

/** Was every entry of a list understood? */
function isRead(raw: unknown, read: readonly unknown[]): boolean {
  const entries = raw ?? [];
  return Array.isArray(entries) && entries.length === read.length;
}

/** The mistakes of this file, then those of the Compose file, which brings its own positions. */
function together(mistakes: Mistakes, broken: ChaosError | undefined): ChaosError {
  if (!broken) return mistakesError(mistakes.list);
  if (mistakes.list.length === 0) return broken;
  return new ChaosError("invalid-experiment", `${mistakesError(mistakes.list).message}\n${broken.message}`, {
    cause: broken,
  });
}

function readPreload(given: Section<"preload">, reading: Reading): Experiment["preload"] {
  if (!given) return null;
  const { ttl, ...rest } = given;
  if (ttl) checkLifetime(ttl.of.min, ["preload", "ttl", "of"], reading);
  checkSlots(given, ["preload"], reading);
  return ttl ? { ...rest, ttl } : rest;
}

function readLosses(given: Section<"losses">, checks: readonly string[], mistakes: Mistakes): Experiment["losses"] {
  if (given && !checks.includes("no-lost-writes")) {
    mistakes.add(["losses"], "losses is for the check no-lost-writes, and this experiment does not ask for it");
  }
  return given === undefined || given === "unconfirmed" ? null : given;
}

function readWatchdog(given: Section<"watchdog">, mistakes: Mistakes): Experiment["watchdog"] | undefined {
  if (!given) return undefined;
  const { "hang-after": hangAfter, "hang-limit": hangLimit = null, connections = null, poll } = given;
  const { interval = Math.min(PROBE_INTERVAL, Math.floor(hangAfter / 2)) } = given;
  if (hangAfter <= interval) {
    const message = "expected hang-after to be longer than interval, the pause between two questions";
    mistakes.add(["watchdog", "hang-after"], message);
  }
  if (hangLimit !== null && hangLimit < hangAfter) {
    mistakes.add(["watchdog", "hang-limit"], "expected hang-limit to be at least hang-after");
  }
  const { "slow-after": slowAfter = null, "stall-after": stallAfter } = given;
  return { hangAfter, hangLimit, slowAfter, stallAfter, connections, interval, poll };
}
