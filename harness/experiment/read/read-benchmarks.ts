import type { BenchmarkSpec } from "../../journal/plan.ts";
import { refusedArguments } from "../../load/benchmark-args.ts";
import type { ExperimentShape } from "../registries.ts";
import { toolItem } from "../schema.ts";
import { show } from "../schema-parts.ts";
import { checkNode } from "./read-faults.ts";
import type { Mistakes } from "./zod-mistakes.ts";

/** Is this one of the list of loads made by a program of its own? */
export function isTool(one: unknown): boolean {
  return typeof one === "object" && one !== null && "tool" in one;
}

/**
 * Reads the loads that redis-benchmark makes.
 * @param where.taken names of the other loads
 */
export function readBenchmarks(
  raw: unknown,
  { shape, taken }: { shape: ExperimentShape | undefined; taken: readonly string[] },
  mistakes: Mistakes,
): BenchmarkSpec[] {
  const names = new Set(taken);
  return (Array.isArray(raw) ? raw : []).flatMap((one: unknown, index) => {
    if (!isTool(one)) return [];
    const path = ["load", index] as const;
    const item = mistakes.parse(toolItem, one, path);
    if (!item) return [];
    if (item.name !== undefined && names.has(item.name)) {
      mistakes.add([...path, "name"], `the name ${show(item.name)} is there twice`);
    }
    let name: string = item.name ?? item.tool;
    for (let number = 2; item.name === undefined && names.has(name); number++) name = `${item.tool}#${number}`;
    names.add(name);
    checkLoaded(item.on, path, shape, mistakes);
    if (shape?.sharded) {
      const why = "its keys carry no hash tag, so most of them belong to another node";
      mistakes.add([...path, "tool"], `${item.tool} does not go with \`x-kvchaos: {mode: cluster}\`: ${why}`);
    }
    for (const { index: at, why } of refusedArguments(item.args)) mistakes.add([...path, "args", at], why);
    return [{ name, on: item.on, args: item.args }];
  });
}

/** Refuses nodes that the cluster does not have. */
export function checkLoaded(
  on: BenchmarkSpec["on"],
  path: readonly PropertyKey[],
  shape: ExperimentShape | undefined,
  mistakes: Mistakes,
): void {
  if (typeof on !== "string") {
    on.forEach((node, at) => {
      checkNode(node, [...path, "on", at], shape, mistakes);
    });
  } else if (on === "replicas" && shape?.replicas.length === 0) {
    mistakes.add([...path, "on"], "the cluster has no replica");
  }
}
