import { KIND } from "../../journal/history.ts";
import { commandHead, Text } from "../../resp/command-writer.ts";
import { command, keys, numbered, values } from "./keys-and-values.ts";
import type { Workload } from "./workload.ts";

const FIELD = "field:";

export const hset: Workload = {
  name: "hset",
  summary: "HSET of a random field of a random hash",
  source: (spec, random) =>
    command("HSET", keys(spec, random), numbered(FIELD, spec.elements, random), values(spec.value, random)),
  recorded: {
    type: "hash",
    does: ["write"],
    source(spec, random, writes) {
      const head = commandHead("HSET", 3);
      const [prefix, field] = [new Text(spec.keyPrefix), new Text(FIELD)];
      const { elements } = spec;
      return (to, intent) => {
        const key = Math.floor(random.next() * spec.keys);
        const element = Math.floor(random.next() * elements);
        intent.kind = KIND.write;
        intent.cell = key * elements + element;
        intent.value = writes.next();
        to.piece(head);
        to.numbered(prefix, key);
        to.numbered(field, element);
        writes.write(to, intent.value);
      };
    },
  },
};
