import { ChaosError } from "../../base/chaos-error.ts";
import type { ClusterNode } from "../../cluster/cluster.ts";
import { missingForLibrary } from "../../interpose/compile-library.ts";
import type { InterposeFolder } from "../../interpose/interpose-folder.ts";

/** Of faults that stand between a server and its C library: a compiler is needed. Whether an image can be loaded so is tried by the run. */
export async function interposeRefusal(): Promise<string | null> {
  const missing = missingForLibrary();
  return missing === null ? null : `the library that does it cannot be made: ${missing}`;
}

/** @throws ChaosError internal: the run has started it without the library */
export function interposerOf({ name, interposer }: ClusterNode): InterposeFolder {
  if (!interposer) throw new ChaosError("internal", `${name} runs without the library for its clock and disk`);
  return interposer;
}
