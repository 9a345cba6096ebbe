import { keys, values } from "./pieces.ts";
import type { Workload } from "./workload.ts";

export const hset: Workload = {
  name: "hset",
  summary: "HSET of a random field of a random hash",
  source(spec, random) {
    const key = keys(spec, random);
    const value = values(spec.value, random);
    const { elements } = spec;
    return () => ["HSET", key(), `field:${Math.floor(random.next() * elements)}`, value()];
  },
};
