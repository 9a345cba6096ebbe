import { KIND } from "../../journal/history.ts";
import { keyNames, keys, values } from "./keys-and-values.ts";
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
  recorded: {
    type: "hash",
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
        return ["HSET", name(key), `field:${element}`, writes.text(intent.value)];
      };
    },
  },
};
