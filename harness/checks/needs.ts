import type { ClusterShape } from "../cluster/shape.ts";
import { type CellShape, modelOf } from "../journal/history.ts";
import type { Limits } from "../journal/limits.ts";
import type { Recording } from "../load/workloads/workload.ts";

/**
 * What an experiment has, as far as a check may depend on it: plain data, known when its files have been read. What is not known
 * before a run (did the fault take place, was a write acknowledged) is not here: there the check answers "unknown".
 */
export interface ExperimentFacts {
  loads: readonly LoadFacts[];
  faults: readonly FaultFacts[];
  systems: readonly string[];
  /** How many things must come about on the way. */
  expectations: number;
  /** Whether its servers' locks may be watched: unless it forbids that. */
  locks: boolean;
  limits: Limits;
  shape: Pick<ClusterShape, "masters" | "replicas" | "sharded" | "sentinels" | "controllers">;
}

export interface LoadFacts {
  name: string;
  /** null: a program of its own makes it (`tool`). */
  workload: string | null;
  /** Its keys are this and a number; null: a program of its own names them. */
  keyPrefix: string | null;
  /** What its recorded operations do; null: none is recorded. */
  recorded: Pick<Recording, "type" | "does"> | null;
}

export interface FaultFacts {
  id: string;
  kind: string;
  /** The node that it names (`node`), as written; null: it names none, or another way. */
  node: string | null;
  /** The commands that it sends word for word (`argv`, `undo`). */
  commands: readonly (readonly string[])[];
}

/** Why a check could never answer in an experiment. */
export interface Missing {
  /** Put behind the check's name: "judges what a recorded load did, and no load is". */
  what: string;
  /** What to change. */
  hint?: string;
}

/** For checks of replicas. */
export function needsReplica({ shape }: ExperimentFacts): Missing | null {
  if (shape.replicas.length > 0) return null;
  return { what: "judges replicas, and the cluster has none", hint: "take a Compose file with a replica" };
}

/** For checks of values that recorded loads wrote: one of them does what is judged, and every flush is one that the journal tells. */
export function needsRecorded(experiment: ExperimentFacts, what: "read" | "write"): Missing | null {
  const recorded = experiment.loads.filter((load) => load.recorded !== null);
  const own = recorded.filter((load) => load.recorded && modelOf(load.recorded.type) === "value");
  if (recorded.length > 0 && own.length === 0) {
    const names = recorded.map(({ name }) => name).join(", ");
    return {
      what: `judges values that replace each other, and no recorded load writes any: ${names}`,
      hint: "record a load like set",
    };
  }
  if (own.length > 0 && !own.some((load) => load.recorded?.does.includes(what))) {
    const names = own.map(({ name }) => name).join(", ");
    const hint = what === "read" ? "record a load that reads too, like get-set" : "record a load that writes";
    return { what: `judges what recorded loads ${what}, and no recorded load ${what}s: ${names}`, hint };
  }
  return needsHistory(experiment);
}

/**
 * For checks of what recorded loads of some workloads did.
 * @param types of their cells
 * @param workloads their names, for a reader
 */
export function needsType(
  experiment: ExperimentFacts,
  types: readonly CellShape["type"][],
  workloads: string,
): Missing | null {
  if (experiment.loads.some((load) => load.recorded && types.includes(load.recorded.type)))
    return needsHistory(experiment);
  const what = `judges what recorded loads of ${workloads} did, and there is none`;
  return { what, hint: `give a load of ${workloads} record: true` };
}

/** For checks of what is left of what was added or pushed: of a flush nobody knows how much it took along. */
export function needsNoFlush({ faults }: ExperimentFacts): Missing | null {
  const flush = faults.find(({ kind }) => kind === "flushall");
  if (!flush) return null;
  const what = `judges what must be left in the end, and ${flush.id} flushes it`;
  return { what, hint: "judge flushes with another workload" };
}

/** One dataset, and nobody else who writes to it. */
function needsHistory({ loads, faults, shape }: ExperimentFacts): Missing | null {
  const recorded = loads.filter((load) => load.recorded !== null);
  if (recorded.length === 0) {
    return { what: "judges what a recorded load did, and no load is", hint: "give a load record: true" };
  }
  if (shape.masters.length > 1 && !shape.sharded) {
    const why = `each of ${shape.masters.join(", ")} has keys of its own under the same names`;
    return { what: `judges one dataset, and ${why}`, hint: "use a cluster with one master, or one in cluster mode" };
  }
  return unknownWrites({ loads: recorded, faults });
}

/** Commands whose effect on the recorded keys the journal does not tell: what they did would look like the server's doing. */
function unknownWrites({ loads, faults }: Pick<ExperimentFacts, "loads" | "faults">): Missing | null {
  for (const { id, commands } of faults) {
    for (const words of commands) {
      const [name = "", ...rest] = words;
      if (isFlush(words)) {
        const why = `${id} sends ${name} as a plain command, of which the journal does not tell what it took along`;
        return { what: `must know every flush, and ${why}`, hint: "use the fault flushall" };
      }
      if (/^SWAPDB$/i.test(name)) {
        const what = `must know what recorded loads' keys hold, and ${id} sends ${name}, which puts another database in their place`;
        return { what, hint: "judge it with loads that are not recorded, and converges" };
      }
      const load = READS.test(name)
        ? undefined
        : loads.find(({ keyPrefix }) => rest.some((word) => isKey(word, keyPrefix)));
      if (!load) continue;
      const key = rest.find((word) => isKey(word, load.keyPrefix));
      const why = `${id} sends ${name} for ${key}, which is a key of ${load.name}`;
      return { what: `must know every write to a recorded load's keys, and ${why}`, hint: "use another key" };
    }
  }
  return null;
}

function isFlush([name = "", script = ""]: readonly string[]): boolean {
  return /^FLUSH(ALL|DB)$/i.test(name) || (/^EVAL$/i.test(name) && /\bFLUSH(ALL|DB)\b/i.test(script));
}

/** Commands with a key that change nothing. */
const READS =
  /^(GET|MGET|GETRANGE|STRLEN|TYPE|TTL|PTTL|EXISTS|DUMP|OBJECT|DEBUG|MEMORY|H(GET|MGET|GETALL|LEN|KEYS|VALS|EXISTS|SCAN)|Z(SCORE|MSCORE|CARD|RANGE|RANK|SCAN|COUNT|RANGEBYSCORE)|WATCH|CLUSTER)$/i;

/** "set:17" of the prefix "set:", also as "set:17:fields"; in cluster mode with the shard's tag before it. */
function isKey(word: string, prefix: string | null): boolean {
  if (prefix === null) return false;
  const key = word.replace(/^\{[^}]*\}/, "");
  return key.startsWith(prefix) && /^\d+(:\w+)?$/.test(key.slice(prefix.length));
}
