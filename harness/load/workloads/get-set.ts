import { KIND, NOTHING } from "../../journal/history.ts";
import { keyNames, keys, values } from "./keys-and-values.ts";
import type { Workload } from "./workload.ts";

export const getSet: Workload = {
  name: "get-set",
  summary: "GET and SET of random keys, half each",
  source(spec, random) {
    const key = keys(spec, random);
    const value = values(spec.value, random);
    return () => (random.next() < 0.5 ? ["GET", key()] : ["SET", key(), value()]);
  },
  recorded: {
    type: "string",
    does: ["read", "write"],
    source(spec, random, writes) {
      const key = keyNames(spec);
      return (intent) => {
        intent.cell = Math.floor(random.next() * spec.keys);
        if (random.next() < 0.5) {
          intent.kind = KIND.read;
          intent.value = NOTHING;
          return ["GET", key(intent.cell)];
        }
        intent.kind = KIND.write;
        intent.value = writes.next();
        return ["SET", key(intent.cell), writes.text(intent.value)];
      };
    },
  },
};
