import { keys, values } from "./pieces.ts";
import type { Workload } from "./workload.ts";

export const set: Workload = {
  name: "set",
  summary: "SET of a random key to a random value",
  source(spec, random) {
    const key = keys(spec, random);
    const value = values(spec.value, random);
    return () => ["SET", key(), value()];
  },
};
