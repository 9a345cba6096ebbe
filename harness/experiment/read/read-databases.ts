import type { LoadSpec, PreloadSpec } from "../../journal/plan.ts";
import type { FaultSpec } from "../experiment.ts";
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
  for (const { id, fault, params } of faults) {
    if (fault !== "flushall" || !JSON.stringify(params).includes('"flushdb"')) continue;
    mistakes.addKey(at, `${id} flushes one database, and the checks judge every flush as that of all`, "use FLUSHALL");
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
