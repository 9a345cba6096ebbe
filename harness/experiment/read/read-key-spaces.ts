import type { LoadSpec, PreloadSpec } from "../../journal/plan.ts";
import type { Experiment, FaultSpec } from "../experiment.ts";
import type { Path, Reading } from "./reading.ts";

/** Refuses several databases where there is only one, and what would concern one of them alone. */
export function checkDatabases(count: number, faults: readonly FaultSpec[], reading: Reading): void {
  const { registries, mistakes, shape, systems } = reading;
  const at = ["databases"];
  if (shape?.sharded) mistakes.addKey(at, "in cluster mode there is only one database", "leave it out");
  for (const system of systems) {
    const known = registries.systems.get(system);
    const most = known?.databases?.most ?? 1;
    if (!known || count <= most) continue;
    const has = most === 1 ? "one database" : `at most ${most} databases`;
    mistakes.add(at, `${system} has ${has}`, 'name the systems that have more with "systems"');
  }
  refuseFlushes(at, "database", faults, reading);
}

/** Refuses namespaces where there are none, or no password to choose them by. */
export function checkNamespaces(
  config: Experiment["config"] | undefined,
  faults: readonly FaultSpec[],
  reading: Reading,
): void {
  const { registries, mistakes, shape, systems } = reading;
  const at = ["namespaces"];
  if (shape?.sharded) mistakes.addKey(at, "in cluster mode there are no namespaces", "leave it out");
  for (const system of systems) {
    const known = registries.systems.get(system);
    if (!known) continue;
    if (!known.namespaces) {
      mistakes.addKey(at, `${system} has no namespaces`, 'name the systems that have them with "systems"');
      continue;
    }
    const needed = shape?.replicas.length === 0 ? ["requirepass"] : ["requirepass", "masterauth"];
    const given: Readonly<Record<string, string>> =
      Object.entries(config ?? {}).find(([name]) => name === system)?.[1] ?? {};
    const missing = needed.filter((key) => !given[key]);
    if (missing.length === 0) continue;
    const hint = `set it: "config: { ${system}: { ${needed.map((key) => `${key}: secret`).join(", ")} } }"`;
    mistakes.addKey(at, `a namespace is chosen by a password, and ${missing.join(" and ")} is missing`, hint);
  }
  refuseFlushes(at, "namespace", faults, reading);
}

function refuseFlushes(at: Path, what: string, faults: readonly FaultSpec[], { mistakes }: Reading): void {
  for (const { id, fault, params } of faults) {
    if (fault !== "flushall" || !JSON.stringify(params).includes('"flushdb"')) continue;
    mistakes.addKey(at, `${id} flushes one ${what}, and the checks judge every flush as that of all`, "use FLUSHALL");
  }
}

/** Refuses keys that expire beside a node whose clock is wrong: its keys are gone, or there, at times that nobody can call wrong. */
export function checkClocks(
  { load, preload }: { load: readonly { spec: LoadSpec; path: Path }[]; preload: PreloadSpec | null },
  faults: readonly FaultSpec[],
  { mistakes }: Reading,
): void {
  const skew = faults.find(({ fault }) => fault === "clock-skew");
  if (!skew) return;
  const why = `keys expire by the server's clock, and ${skew.id} sets one of them wrong`;
  for (const { spec, path } of load) if (spec.ttl) mistakes.addKey([...path, "ttl"], why);
  if (preload?.ttl) mistakes.addKey(["preload", "ttl"], why);
}
