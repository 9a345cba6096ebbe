import type { ExperimentShape, Registries } from "../registries.ts";
import type { Mistakes } from "./zod-mistakes.ts";

/** An experiment file while it is read: what its parts are judged by, and where their mistakes go. */
export interface Reading {
  registries: Registries;
  mistakes: Mistakes;
  /** undefined: the Compose file was not understood. */
  shape: ExperimentShape | undefined;
  systems: readonly string[];
}

/** Where in the file. */
export type Path = readonly PropertyKey[];

/** Refuses a node that the cluster does not have, and the control node, which nothing may touch. */
export function checkNode(
  name: string,
  path: Path,
  { shape, mistakes }: Reading,
  { selectors = [], helpers = false }: { selectors?: readonly string[]; helpers?: boolean } = {},
): void {
  if (!shape) return;
  const nodes = [
    ...shape.masters,
    ...shape.replicas,
    ...(shape.sentinels ?? []),
    ...(helpers ? (shape.helpers ?? []) : []),
  ];
  if (!helpers && shape.helpers?.includes(name)) {
    mistakes.add(
      path,
      `"${name}" is a helper, and no server: it can be killed, paused, restarted and cut off, and its log be waited for`,
    );
  } else if (shape.controls.includes(name)) mistakes.add(path, controlMessage(name));
  else if (selectors.includes(name)) {
    if (name !== "master" && shape.replicas.length === 0) mistakes.add(path, `"${name}": the cluster has no replica`);
  } else if (!nodes.includes(name)) mistakes.unknown(path, "node", name, [...nodes, ...selectors]);
}

export const controlMessage = (name: string) =>
  `"${name}" is the control node: nothing may touch it, the harness measures itself with it`;

/** Numbers what has no name: "partition-1", "partition-2", each kind by itself, and never a name that another was given. */
export function numbering(given: readonly unknown[]): (kind: string) => string {
  const numbers = new Map<string, number>();
  return (kind) => {
    for (;;) {
      const number = (numbers.get(kind) ?? 0) + 1;
      numbers.set(kind, number);
      if (!given.includes(`${kind}-${number}`)) return `${kind}-${number}`;
    }
  };
}
