import { formatDuration } from "../../base/units.ts";
import type { LoadSpec } from "../../journal/plan.ts";
import { show } from "../schema-parts.ts";
import type { Path, Reading } from "./reading.ts";
import type { Mistakes } from "./zod-mistakes.ts";

/** Cells of a load are numbered with 32 bits. */
const MOST_CELLS = 2 ** 32;

/** What a recorded load must keep to, so that what the history says of a cell is true of one place on one server. */
export function checkRecording(spec: LoadSpec, path: Path, reading: Reading): void {
  const { registries, mistakes, shape } = reading;
  const { workload, record, wait, on, keys, elements } = spec;
  if (!record) {
    if (wait) mistakes.addKey([...path, "wait"], '"wait" goes with record: true');
    return;
  }
  const known = registries.workloads.get(workload);
  if (known && !known.recorded) {
    const able = [...registries.workloads].filter(([, one]) => one.recorded).map(([name]) => name);
    mistakes.add(
      [...path, "record"],
      `the workload ${show(workload)} cannot be recorded`,
      `one of: ${able.join(", ")}`,
    );
  }
  if (on !== "masters") mistakes.add([...path, "on"], "a recorded load goes to masters", "leave it out");
  const cells = known?.recorded?.type === "string" ? keys : keys * elements;
  if (cells > MOST_CELLS) {
    mistakes.add([...path, "keys"], `a recorded load has at most ${MOST_CELLS} keys × elements, got ${cells}`);
  }
  if (shape && shape.masters.length > 1 && !shape.sharded) {
    const masters = shape.masters.join(", ");
    const hint = "use a cluster with one master, or one in cluster mode";
    mistakes.add([...path, "record"], `each of ${masters} has keys of its own under the same names`, hint);
  }
  if (wait) checkWait(spec, wait, [...path, "wait"], reading);
}

function checkWait(
  { pipeline, timeout }: LoadSpec,
  wait: NonNullable<LoadSpec["wait"]>,
  at: Path,
  { registries, mistakes, shape, systems }: Reading,
): void {
  for (const system of systems) {
    if (!registries.systems.get(system)?.withoutWait) continue;
    mistakes.add(at, `${system} has no WAIT`, `name the systems that have it with "systems"`);
  }
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

/** Nobody else may write what a recorded load writes. */
export function checkPrefixes(loads: readonly { spec: LoadSpec; path: Path }[], mistakes: Mistakes): void {
  loads.forEach(({ spec, path }, index) => {
    const other = loads.slice(0, index).find((one) => (one.spec.record || spec.record) && overlap(one.spec, spec));
    if (!other) return;
    const names = `${show(other.spec.keyPrefix)} of ${other.spec.name} and ${show(spec.keyPrefix)} of ${spec.name}`;
    const message = `the keys of a recorded load are its own, but the prefixes ${names} give the same keys`;
    mistakes.add(path, message, "set another key-prefix");
  });
}

/** "a" and "a1" both make "a12". */
function overlap(a: LoadSpec, b: LoadSpec): boolean {
  const [short, long] = [a.keyPrefix, b.keyPrefix].sort((x, y) => x.length - y.length) as [string, string];
  return long.startsWith(short) && /^\d*$/.test(long.slice(short.length));
}
