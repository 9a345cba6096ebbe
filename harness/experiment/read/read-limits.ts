import type { z } from "zod";
import { LIMITED_PHASES, type OwnLimit } from "../../journal/limits.ts";
import type { BenchmarkSpec, LoadSpec } from "../../journal/plan.ts";
import { limitItem, limitList } from "../limit-keys.ts";
import { type LimitExpression, readLimitExpression } from "./limit-expression.ts";
import { checkNode, type Path, type Reading } from "./reading.ts";

/** How long a limit of what is measured every second must not hold to be broken, where the file does not say. ms */
const BROKEN_AFTER = 3_000;

interface Surroundings extends Reading {
  load: readonly Pick<LoadSpec, "name">[];
  benchmarks: readonly Pick<BenchmarkSpec, "name">[];
  databases: number | undefined;
}

type Item = z.output<typeof limitItem>;

/** Reads the limits of the user's own, each by itself. */
export function readLimits(raw: unknown, around: Surroundings): OwnLimit[] {
  const { mistakes } = around;
  mistakes.parse(limitList, raw, ["limits"]);
  if (!Array.isArray(raw)) return [];
  return raw.flatMap((one: unknown, index) => {
    const path = ["limits", index];
    const plain = typeof one === "string";
    const item: Item | undefined = plain ? { limit: one } : mistakes.parse(limitItem, one, path);
    if (!item) return [];
    const where = plain ? path : [...path, "limit"];
    const read = readLimitExpression(item.limit);
    if ("message" in read) {
      mistakes.addWithin(where, read.offset, read.message, read.hint);
      return [];
    }
    checkWho(item, read, { path, where }, around);
    checkLag(read, where, around);
    return [ownLimit(read, item)];
  });
}

/** A limit with what narrows it, and what is so where it does not say. */
export function ownLimit(read: LimitExpression, item: Partial<Item> = {}): OwnLimit {
  const { measure } = read;
  const lasting = measure.of !== "node" || measure.what === "replication-lag";
  const phases = item.phase === undefined ? [...LIMITED_PHASES] : [item.phase].flat();
  return {
    ...read,
    load: item.load ?? null,
    node: item.node ?? null,
    phases,
    for: item.for ?? (lasting ? BROKEN_AFTER : 0),
    abort: item.abort ?? false,
  };
}

function checkWho(
  { load, node }: Item,
  { measure, than }: LimitExpression,
  { path, where }: { path: Path; where: Path },
  around: Surroundings,
): void {
  const { mistakes, shape } = around;
  const loads = [...around.load, ...around.benchmarks].map(({ name }) => name);
  if (node !== undefined) checkNode(node, [...path, "node"], around);
  if (measure.of !== "load") {
    if (load !== undefined) mistakes.addKey([...path, "load"], "this limit is about nodes, and not about a load");
    if (measure.of === "node" && measure.what !== "memory" && measure.what !== "memory-growth" && shape) {
      if (shape.replicas.length === 0) mistakes.add(where, "it limits replicas, and the cluster has none");
    }
    return;
  }
  if (loads.length === 0) mistakes.add(where, "it limits what clients see, and there is no load", "add a load");
  if (load !== undefined && !loads.includes(load)) mistakes.unknown([...path, "load"], "load", load, loads);
  if (node !== undefined && measure.what !== "ops" && measure.what !== "errors") {
    mistakes.addKey(
      [...path, "node"],
      `${measure.what} of a load is measured over all its nodes`,
      "errors and ops have a node",
    );
  }
  const split = shape?.sharded === true || around.databases !== undefined;
  if (measure.what === "ops" && than.kind === "value" && split) {
    const message = "every load is split among shards or databases here, and each part is judged by itself";
    mistakes.add(where, message, 'write it against the warm-up: "ops > 0.8 × warm-up"');
  }
}

/** Offsets of Kvrocks count writes, and those of Pika jump with every file of its binlog. */
function checkLag({ measure }: LimitExpression, where: Path, { systems, mistakes }: Surroundings): void {
  if (measure.of !== "node" || measure.what !== "replication-lag") return;
  if (systems.every((system) => system === "redis")) return;
  const message = "only Redis and Valkey count their replication offset in bytes";
  mistakes.add(where, message, "say `systems: [redis]`");
}
