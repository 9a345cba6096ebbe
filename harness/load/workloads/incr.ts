import { keys } from "./keys-and-values.ts";
import type { Workload } from "./workload.ts";

export const incr: Workload = {
  name: "incr",
  summary: "INCR of a random counter",
  source(spec, random) {
    const key = keys(spec, random);
    return () => ["INCR", key()];
  },
};
