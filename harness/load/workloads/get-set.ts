import { KIND, NOTHING } from "../../journal/history.ts";
import { commandHead, Text } from "../../resp/command-writer.ts";
import { keyWriter } from "./expiring.ts";
import { anyNumber, command, keys, values } from "./keys-and-values.ts";
import type { Workload } from "./workload.ts";

export const getSet: Workload = {
  name: "get-set",
  summary: "GET and SET of random keys, half each",
  expires: true,
  source(spec, random) {
    const get = command("GET", keys(spec, random));
    const write = keyWriter(spec, values(spec.value, random));
    return (to) => {
      if (random.next() < 0.5) get(to);
      else write(to, Math.floor(random.next() * spec.keys), anyNumber(spec, random));
    };
  },
  recorded: {
    type: "string",
    does: ["read", "write"],
    source(spec, random, writes) {
      const get = commandHead("GET", 1);
      const prefix = new Text(spec.keyPrefix);
      const write = keyWriter(spec, writes.write);
      return (to, intent) => {
        intent.cell = Math.floor(random.next() * spec.keys);
        if (random.next() < 0.5) {
          intent.kind = KIND.read;
          intent.value = NOTHING;
          to.piece(get);
          to.numbered(prefix, intent.cell);
        } else {
          intent.value = writes.next();
          intent.kind = write(to, intent.cell, intent.value) ? KIND.write : KIND.touch;
        }
      };
    },
  },
};
