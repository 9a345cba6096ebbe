import { command, keys, values } from "../../harness/load/workloads/keys-and-values.ts";
import type { Workload } from "../../harness/load/workloads/workload.ts";

/** `source` runs once per load and thread; what it returns writes one command after another, a million times a second. */
export const append: Workload = {
  name: "append",
  summary: "APPEND of a random value to a random key",
  source: (spec, random) => command("APPEND", keys(spec, random), values(spec.value, random)),
};
