import { KIND } from "../../journal/history.ts";
import { keyNames, keys } from "./keys-and-values.ts";
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
  recorded: {
    type: "zset",
    does: ["write"],
    source(spec, random, writes) {
      const name = keyNames(spec);
      const { elements } = spec;
      return (intent) => {
        const key = Math.floor(random.next() * spec.keys);
        const element = Math.floor(random.next() * elements);
        intent.kind = KIND.write;
        intent.cell = key * elements + element;
        intent.value = writes.next();
        return ["ZADD", name(key), `${intent.value}`, `element:${element}`];
      };
    },
  },
};
