import { keys, values } from "./pieces.ts";
import type { Workload } from "./workload.ts";

export const getSet: Workload = {
  name: "get-set",
  summary: "GET and SET of random keys, half each",
  source(spec, random) {
    const key = keys(spec, random);
    const value = values(spec.value, random);
    return () => (random.next() < 0.5 ? ["GET", key()] : ["SET", key(), value()]);
  },
};
