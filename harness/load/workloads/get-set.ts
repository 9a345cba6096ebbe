import { KIND, NOTHING } from "../../journal/history.ts";
import { commandHead, Text } from "../../resp/command-writer.ts";
import { command, keys, values } from "./keys-and-values.ts";
import type { Workload } from "./workload.ts";

export const getSet: Workload = {
  name: "get-set",
  summary: "GET and SET of random keys, half each",
  source(spec, random) {
    const key = keys(spec, random);
    const [get, set] = [command("GET", key), command("SET", key, values(spec.value, random))];
    return (to) => (random.next() < 0.5 ? get(to) : set(to));
  },
  recorded: {
    type: "string",
    does: ["read", "write"],
    source(spec, random, writes) {
      const [get, set] = [commandHead("GET", 1), commandHead("SET", 2)];
      const prefix = new Text(spec.keyPrefix);
      return (to, intent) => {
        intent.cell = Math.floor(random.next() * spec.keys);
        const reads = random.next() < 0.5;
        intent.kind = reads ? KIND.read : KIND.write;
        intent.value = reads ? NOTHING : writes.next();
        to.piece(reads ? get : set);
        to.numbered(prefix, intent.cell);
        if (!reads) writes.write(to, intent.value);
      };
    },
  },
};
