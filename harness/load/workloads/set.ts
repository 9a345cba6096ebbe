import { KIND } from "../../journal/history.ts";
import { keyWriter } from "./expiring.ts";
import { anyNumber, values } from "./keys-and-values.ts";
import type { Workload } from "./workload.ts";

export const set: Workload = {
  name: "set",
  summary: "SET of a random key to a random value",
  expires: true,
  source(spec, random) {
    const write = keyWriter(spec, values(spec.value, random));
    return (to) => void write(to, Math.floor(random.next() * spec.keys), anyNumber(spec, random));
  },
  recorded: {
    type: "string",
    does: ["write"],
    source(spec, random, writes) {
      const write = keyWriter(spec, writes.write);
      return (to, intent) => {
        intent.cell = Math.floor(random.next() * spec.keys);
        intent.value = writes.next();
        intent.kind = write(to, intent.cell, intent.value) ? KIND.write : KIND.touch;
      };
    },
  },
};
