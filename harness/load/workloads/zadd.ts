import { KIND } from "../../journal/history.ts";
import { commandHead, Text } from "../../resp/command-writer.ts";
import { command, keys, numbered } from "./keys-and-values.ts";
import type { Workload } from "./workload.ts";

const MEMBER = "element:";

/** The traffic of `redis-benchmark -r <elements> -t zadd`, over `keys` sorted sets instead of one. */
export const zadd: Workload = {
  name: "zadd",
  summary: "ZADD of a random member with a random score to one of a few sorted sets",
  source: (spec, random) =>
    command("ZADD", keys(spec, random), numbered("", spec.elements, random), numbered(MEMBER, spec.elements, random)),
  recorded: {
    type: "zset",
    does: ["write"],
    source(spec, random, writes) {
      const head = commandHead("ZADD", 3);
      const [prefix, member] = [new Text(spec.keyPrefix), new Text(MEMBER)];
      const { elements } = spec;
      return (to, intent) => {
        const key = Math.floor(random.next() * spec.keys);
        const element = Math.floor(random.next() * elements);
        intent.kind = KIND.write;
        intent.cell = key * elements + element;
        intent.value = writes.next();
        to.piece(head);
        to.numbered(prefix, key);
        writes.write(to, intent.value);
        to.numbered(member, element);
      };
    },
  },
};
