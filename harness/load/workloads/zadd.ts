import { keys } from "./pieces.ts";
import type { Workload } from "./workload.ts";

/** The traffic of `redis-benchmark -r <elements> -t zadd`, over `keys` sorted sets instead of one. */
export const zadd: Workload = {
  name: "zadd",
  summary: "ZADD of a random member with a random score to one of a few sorted sets",
  source(spec, random) {
    const key = keys(spec, random);
    const { elements } = spec;
    return () => {
      const member = `element:${Math.floor(random.next() * elements)}`;
      return ["ZADD", key(), `${Math.floor(random.next() * elements)}`, member];
    };
  },
};
