import { KIND } from "../../journal/history.ts";
import { keyNames, keys, values } from "./keys-and-values.ts";
import type { Workload } from "./workload.ts";

export const set: Workload = {
  name: "set",
  summary: "SET of a random key to a random value",
  source(spec, random) {
    const key = keys(spec, random);
    const value = values(spec.value, random);
    return () => ["SET", key(), value()];
  },
  recorded: {
    type: "string",
    does: ["write"],
    source(spec, random, writes) {
      const key = keyNames(spec);
      return (intent) => {
        intent.kind = KIND.write;
        intent.cell = Math.floor(random.next() * spec.keys);
        intent.value = writes.next();
        return ["SET", key(intent.cell), writes.text(intent.value)];
      };
    },
  },
};
