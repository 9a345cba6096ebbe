import { keys, values } from "../../harness/load/workloads/keys-and-values.ts";
import type { Workload } from "../../harness/load/workloads/workload.ts";

/** `source` runs once per load and thread; what it returns makes one command after another, 300 000 times a second. */
export const append: Workload = {
  name: "append",
  summary: "APPEND of a random value to a random key",
  source(spec, random) {
    const key = keys(spec, random);
    const value = values(spec.value, random);
    return () => ["APPEND", key(), value()];
  },
};
