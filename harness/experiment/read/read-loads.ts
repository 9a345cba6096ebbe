import type { BenchmarkSpec, LoadSpec } from "../../journal/plan.ts";
import { refusedArguments } from "../../load/benchmark-args.ts";
import { loadItem, loadList, toolItem } from "../schema.ts";
import { show } from "../schema-parts.ts";
import { checkNode, type Path, type Reading } from "./reading.ts";
import { checkPrefixes, checkRecording } from "./recording-rules.ts";

const WAIT_WITHIN_MS = 1000;

type NameOf = (item: { name?: string | undefined }, path: Path, kind: string) => string;

/**
 * Reads the loads one by one, names them, fills in what depends on the name, and checks what they refer to. Those that a program of
 * its own makes are named after the others.
 */
export function readLoads(raw: unknown, reading: Reading): { load: LoadSpec[]; benchmarks: BenchmarkSpec[] } {
  reading.mistakes.parse(loadList, raw, ["load"]);
  const entries = (Array.isArray(raw) ? raw : []).map((one: unknown, index) => ({ one, path: ["load", index] }));
  const nameOf = naming(reading);
  const load = entries.flatMap(({ one, path }) => {
    const spec = isTool(one) ? undefined : readLoad(one, path, nameOf, reading);
    return spec ? [{ spec, path }] : [];
  });
  checkPrefixes(load, reading.mistakes);
  const benchmarks = entries.flatMap(({ one, path }) => {
    return (isTool(one) && readBenchmark(one, path, nameOf, reading)) || [];
  });
  return { load: load.map(({ spec }) => spec), benchmarks };
}

function isTool(one: unknown): boolean {
  return typeof one === "object" && one !== null && "tool" in one;
}

/** The name that is given, which must be the only one, or "counter", "counter#2" by the kind of load. */
function naming({ mistakes }: Reading): NameOf {
  const names = new Set<string>();
  return ({ name: given }, path, kind) => {
    if (given !== undefined && names.has(given)) {
      mistakes.add([...path, "name"], `the name ${show(given)} is there twice`);
    }
    let name = given ?? kind;
    for (let number = 2; given === undefined && names.has(name); number++) name = `${kind}#${number}`;
    names.add(name);
    return name;
  };
}

function readLoad(one: unknown, path: Path, nameOf: NameOf, reading: Reading): LoadSpec | undefined {
  const { registries, mistakes } = reading;
  const workload = (one as { workload?: unknown } | null)?.workload;
  if (typeof workload === "string" && !registries.workloads.has(workload)) {
    mistakes.unknown([...path, "workload"], "workload", workload, registries.workloads.keys());
  }
  const item = mistakes.parse(loadItem, one, path);
  if (!item) return undefined;
  const name = nameOf(item, path, item.workload);
  checkLoaded(item.on, path, reading);
  const { "key-prefix": keyPrefix, rate = null, wait, "wait-within": within, ...rest } = item;
  const spec: LoadSpec = {
    ...rest,
    name,
    rate,
    keyPrefix: keyPrefix ?? `${name}:`,
    wait: wait === undefined ? null : { replicas: wait, within: within ?? WAIT_WITHIN_MS },
  };
  if (within !== undefined && !spec.wait) mistakes.addKey([...path, "wait-within"], '"wait-within" goes with wait');
  checkRecording(spec, path, reading);
  return spec;
}

function readBenchmark(one: unknown, path: Path, nameOf: NameOf, reading: Reading): BenchmarkSpec | undefined {
  const { shape, mistakes } = reading;
  const item = mistakes.parse(toolItem, one, path);
  if (!item) return undefined;
  const { tool, on, args } = item;
  const name = nameOf(item, path, tool);
  checkLoaded(on, path, reading);
  if (shape?.sharded) {
    const why = "its keys carry no hash tag, so most of them belong to another node";
    mistakes.add([...path, "tool"], `${tool} does not go with \`x-kvchaos: {mode: cluster}\`: ${why}`);
  }
  for (const { index: at, why } of refusedArguments(args)) mistakes.add([...path, "args", at], why);
  return { name, on, args };
}

/** Refuses nodes that the cluster does not have. */
function checkLoaded(on: BenchmarkSpec["on"], path: Path, reading: Reading): void {
  if (typeof on !== "string") for (const [at, node] of on.entries()) checkNode(node, [...path, "on", at], reading);
  else if (on === "replicas" && reading.shape?.replicas.length === 0) {
    reading.mistakes.add([...path, "on"], "the cluster has no replica");
  }
}
