import { formatDuration } from "../../base/units.ts";
import { isWhole, UNRECORDED } from "../../journal/history.ts";
import type { BenchmarkSpec, LoadSpec } from "../../journal/plan.ts";
import { refusedArguments } from "../../load/benchmark-args.ts";
import { loadItem, toolItem } from "../load-keys.ts";
import { loadList } from "../schema.ts";
import { show } from "../schema-parts.ts";
import type { AskedVia } from "../vias.ts";
import { checkDrawn } from "./read-drawn.ts";
import { checkSlots } from "./read-slots.ts";
import { checkNode, type Path, type Reading } from "./reading.ts";
import type { Mistakes } from "./zod-mistakes.ts";

const WAIT_WITHIN_MS = 1000;
/** Cells of a load are numbered with 32 bits, of which one number says that there is none. */
const MOST_CELLS = UNRECORDED;

type NameOf = (item: { name?: string | undefined }, path: Path, kind: string) => string;

type Read<Spec> = { spec: Spec; path: Path; via: AskedVia };

/**
 * Reads the loads one by one, names them, fills in what depends on the name, and checks what they refer to. Those that a program of
 * its own makes are named after the others.
 */
export function readLoads(
  raw: unknown,
  reading: Reading,
): { load: Read<LoadSpec>[]; benchmarks: Read<BenchmarkSpec>[] } {
  reading.mistakes.parse(loadList, raw, ["load"]);
  const entries = (Array.isArray(raw) ? raw : []).map((one: unknown, index) => ({ one, path: ["load", index] }));
  const nameOf = naming(reading);
  const load = entries.flatMap(({ one, path }) => {
    return (!isTool(one) && readLoad(one, path, nameOf, reading)) || [];
  });
  checkPrefixes(load, reading.mistakes);
  const benchmarks = entries.flatMap(({ one, path }) => {
    return (isTool(one) && readBenchmark(one, path, nameOf, reading)) || [];
  });
  return { load, benchmarks };
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

function readLoad(one: unknown, path: Path, nameOf: NameOf, reading: Reading): Read<LoadSpec> | undefined {
  const { registries, mistakes } = reading;
  const workload = (one as { workload?: unknown } | null)?.workload;
  if (typeof workload === "string" && !registries.workloads.has(workload)) {
    mistakes.unknown([...path, "workload"], "workload", workload, registries.workloads.keys());
  }
  const item = mistakes.parse(loadItem, one, path);
  if (!item) return undefined;
  const name = nameOf(item, path, item.workload);
  checkLoaded(item.on, path, reading);
  checkLacks(registries.workloads.get(item.workload)?.needs ?? [], [...path, "workload"], reading);
  const { "key-prefix": keyPrefix, rate = null, wait, "wait-within": within, via, ttl, ...others } = item;
  const { only, without, weights, ...rest } = others;
  const spec: LoadSpec = {
    ...rest,
    name,
    ...(ttl === undefined ? {} : { ttl }),
    ...(only || without || weights ? { commands: { only, without, weights } } : {}),
    via: "link",
    rate,
    keyPrefix: keyPrefix ?? `${name}:`,
    wait: wait === undefined ? null : { replicas: wait, within: within ?? WAIT_WITHIN_MS },
  };
  if (within !== undefined && !spec.wait) mistakes.addKey([...path, "wait-within"], '"wait-within" goes with wait');
  checkRecording(spec, path, reading);
  checkTimeToLive(spec, path, reading);
  checkDrawn(item, path, reading);
  checkSlots(item, path, reading);
  return { spec, path, via };
}

function readBenchmark(one: unknown, path: Path, nameOf: NameOf, reading: Reading): Read<BenchmarkSpec> | undefined {
  const { shape, mistakes } = reading;
  const item = mistakes.parse(toolItem, one, path);
  if (!item) return undefined;
  const { tool, on, args, via } = item;
  const name = nameOf(item, path, tool);
  checkLoaded(on, path, reading);
  if (shape?.sharded) {
    const why = "its keys carry no hash tag, so most of them belong to another node";
    mistakes.add([...path, "tool"], `${tool} does not go with \`mode: cluster\`: ${why}`);
  }
  for (const { index: at, why } of refusedArguments(args)) mistakes.add([...path, "args", at], why);
  return { spec: { name, on, via: "link", args }, path, via };
}

/** Refuses nodes that the cluster does not have. */
function checkLoaded(on: BenchmarkSpec["on"], path: Path, reading: Reading): void {
  if (typeof on !== "string") for (const [at, node] of on.entries()) checkNode(node, [...path, "on", at], reading);
  else if (on === "replicas" && reading.shape?.replicas.length === 0) {
    reading.mistakes.add([...path, "on"], "the cluster has no replica");
  }
}

/** What a recorded load must keep to, so that what the history says of a cell is true of one place on one server. */
function checkRecording(spec: LoadSpec, path: Path, reading: Reading): void {
  const { registries, mistakes, shape } = reading;
  const { workload, record, wait, on, keys, elements, pipeline } = spec;
  const talks = Boolean(registries.workloads.get(workload)?.talk);
  if (talks && pipeline > 1) {
    const message = `an operation of ${workload} takes several commands, so a connection does one at a time, got ${pipeline}`;
    mistakes.add([...path, "pipeline"], message, "leave it out, and take more connections");
  }
  if (!record) {
    if (wait) mistakes.addKey([...path, "wait"], '"wait" goes with record: true');
    return;
  }
  const known = registries.workloads.get(workload);
  if (known && !known.recorded) {
    const able = [...registries.workloads].filter(([, one]) => one.recorded).map(([name]) => name);
    const message = `the workload ${show(workload)} cannot be recorded`;
    mistakes.add([...path, "record"], message, `one of: ${able.join(", ")}`);
  }
  if (on !== "masters") mistakes.add([...path, "on"], "a recorded load goes to masters", "leave it out");
  const cells = known?.recorded && isWhole(known.recorded.type) ? keys : keys * elements;
  if (cells > MOST_CELLS) {
    mistakes.add([...path, "keys"], `a recorded load has at most ${MOST_CELLS} keys × elements, got ${cells}`);
  }
  if (shape && shape.masters.length > 1 && !shape.sharded) {
    const masters = shape.masters.join(", ");
    const hint = "use a cluster with one master, or one in cluster mode";
    mistakes.add([...path, "record"], `each of ${masters} has keys of its own under the same names`, hint);
  }
  if (wait && talks) mistakes.add([...path, "wait"], `no WAIT follows the operations of ${workload}`, "leave it out");
  else if (wait) checkWait(spec, wait, [...path, "wait"], reading);
}

/** Refuses commands that one of the experiment's systems has in no version. */
function checkLacks(
  commands: readonly string[],
  at: Path,
  { registries, mistakes, systems }: Pick<Reading, "registries" | "mistakes" | "systems">,
): void {
  for (const system of systems) {
    const lacks = commands.filter((name) => registries.systems.get(system)?.lacks?.includes(name));
    if (lacks.length === 0) continue;
    mistakes.add(at, `${system} has no ${lacks.join(", ")}`, `name the systems that have it with "systems"`);
  }
}

function checkWait(
  { pipeline, timeout }: LoadSpec,
  wait: NonNullable<LoadSpec["wait"]>,
  at: Path,
  { registries, mistakes, shape, systems }: Reading,
): void {
  checkLacks(["WAIT"], at, { registries, mistakes, systems });
  const replicas = shape ? shape.masters.length + shape.replicas.length - 1 : wait.replicas;
  if (wait.replicas > replicas) {
    mistakes.add(at, `WAIT for ${wait.replicas} replicas, but a master has at most ${replicas} here`);
  }
  if (pipeline * wait.within >= timeout) {
    const longest = `${pipeline} × ${formatDuration(wait.within)}`;
    const message = `WAIT may hold up a pipeline for ${longest}, which must be less than timeout, ${formatDuration(timeout)}`;
    mistakes.add(at, message, "a smaller pipeline or wait-within, or a longer timeout");
  }
}

function checkTimeToLive({ ttl, workload }: LoadSpec, path: Path, reading: Reading): void {
  const { registries, mistakes } = reading;
  if (!ttl) return;
  if (registries.workloads.get(workload)?.expires !== true) {
    const able = [...registries.workloads].filter(([, one]) => one.expires).map(([name]) => name);
    mistakes.addKey(
      [...path, "ttl"],
      `the keys of the workload ${show(workload)} do not expire`,
      `of ${able.join(", ")}`,
    );
  }
  checkLifetime(ttl.of.min, [...path, "ttl", "of"], reading);
}

/** Refuses lives that are shorter than what a server counts in. @param ms the shortest */
export function checkLifetime(ms: number, at: Path, { registries, mistakes, systems }: Reading): void {
  for (const system of systems) {
    const grain = registries.systems.get(system)?.deadlinesIn ?? 1;
    if (ms >= grain) continue;
    const message = `${system} counts deadlines in steps of ${formatDuration(grain)}, and a key would live ${formatDuration(ms)}`;
    mistakes.add(at, message, 'longer lives, or other systems by "systems"');
  }
}

/** Nobody else may write what a recorded load writes. */
function checkPrefixes(loads: readonly { spec: LoadSpec; path: Path }[], mistakes: Mistakes): void {
  loads.forEach(({ spec, path }, index) => {
    const other = loads.slice(0, index).find((one) => (one.spec.record || spec.record) && overlap(one.spec, spec));
    if (!other) return;
    const names = `${show(other.spec.keyPrefix)} of ${other.spec.name} and ${show(spec.keyPrefix)} of ${spec.name}`;
    const message = `the keys of a recorded load are its own, but the prefixes ${names} give the same keys`;
    mistakes.add(path, message, "set another key-prefix");
  });
}

/** "a" and "a1" both make "a12"; "a" and "a1:" both may make "a1:2". */
function overlap(a: LoadSpec, b: LoadSpec): boolean {
  const [short, long] = [a.keyPrefix, b.keyPrefix].sort((x, y) => x.length - y.length) as [string, string];
  return long.startsWith(short) && /^(\d+:)?\d*$/.test(long.slice(short.length));
}
