import { KIND } from "../../journal/history.ts";
import { commandHead, Text } from "../../resp/command-writer.ts";
import { command, keys, values } from "./keys-and-values.ts";
import type { Workload } from "./workload.ts";

export const set: Workload = {
  name: "set",
  summary: "SET of a random key to a random value",
  source: (spec, random) => command("SET", keys(spec, random), values(spec.value, random)),
  recorded: {
    type: "string",
    does: ["write"],
    source(spec, random, writes) {
      const head = commandHead("SET", 2);
      const prefix = new Text(spec.keyPrefix);
      return (to, intent) => {
        intent.kind = KIND.write;
        intent.cell = Math.floor(random.next() * spec.keys);
        intent.value = writes.next();
        to.piece(head);
        to.numbered(prefix, intent.cell);
        writes.write(to, intent.value);
      };
    },
  },
};
