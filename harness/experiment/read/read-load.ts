import type { LoadSpec } from "../../journal/plan.ts";
import type { ExperimentShape, Registries } from "../registries.ts";
import { loadItem } from "../schema.ts";
import { show } from "../schema-parts.ts";
import { checkLoaded, isTool } from "./read-benchmarks.ts";
import { checkPrefixes, checkRecording } from "./recording-rules.ts";
import type { Mistakes } from "./zod-mistakes.ts";

const WAIT_WITHIN_MS = 1000;

/** Reads the loads one by one, names them, fills in what depends on the name, and checks what they refer to. */
export function readLoad(
  raw: unknown,
  where: { shape: ExperimentShape | undefined; systems: readonly string[] },
  registries: Registries,
  mistakes: Mistakes,
): LoadSpec[] {
  const { shape } = where;
  const names = new Set<string>();
  const read = (Array.isArray(raw) ? raw : []).flatMap((one: unknown, index) => {
    const path = ["load", index] as const;
    if (isTool(one)) return []; // read-benchmarks.ts
    const workload = (one as { workload?: unknown } | null)?.workload;
    if (typeof workload === "string" && !registries.workloads.has(workload)) {
      mistakes.unknown([...path, "workload"], "workload", workload, registries.workloads.keys());
    }
    const item = mistakes.parse(loadItem, one, path);
    if (!item) return [];
    if (item.name !== undefined && names.has(item.name)) {
      mistakes.add([...path, "name"], `the name ${show(item.name)} is there twice`);
    }
    let name = item.name ?? item.workload;
    for (let number = 2; item.name === undefined && names.has(name); number++) name = `${item.workload}#${number}`;
    names.add(name);
    checkLoaded(item.on, path, shape, mistakes);
    const { "key-prefix": keyPrefix, rate = null, wait, "wait-within": within, ...rest } = item;
    const spec: LoadSpec = {
      ...rest,
      name,
      rate,
      keyPrefix: keyPrefix ?? `${name}:`,
      wait: wait === undefined ? null : { replicas: wait, within: within ?? WAIT_WITHIN_MS },
    };
    if (within !== undefined && !spec.wait)
      mistakes.add([...path, "wait-within"], '"wait-within" goes with wait', undefined, "key");
    checkRecording(spec, path, where, registries, mistakes);
    return [{ spec, path }];
  });
  checkPrefixes(read, mistakes);
  return read.map(({ spec }) => spec);
}
