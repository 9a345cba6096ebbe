import type { Random } from "../../base/random.ts";
import { counted, KIND } from "../../journal/history.ts";
import type { LoadSpec } from "../../journal/plan.ts";
import { commandHead, Text } from "../../resp/command-writer.ts";
import { plainly } from "./plainly.ts";
import type { RecordedSource, RecordedWorkload, Workload } from "./workload.ts";

/** The largest amount that is added or taken away at once. */
const MOST = 100;

const recorded: RecordedWorkload = { type: "counter", does: ["write"], source };

export const counter: Workload = {
  name: "counter",
  summary: "INCR, INCRBY and DECRBY of random numbers, HINCRBY of fields of random hashes",
  source: plainly(recorded),
  recorded,
};

/** With `elements: 1` there are no hashes. */
function source(spec: LoadSpec, random: Random): RecordedSource {
  const [incr, incrBy, decrBy] = [commandHead("INCR", 1), commandHead("INCRBY", 2), commandHead("DECRBY", 2)];
  const hincrBy = commandHead("HINCRBY", 3);
  const [prefix, fields, field] = [new Text(spec.keyPrefix), new Text(":fields"), new Text("field:")];
  const [plus, minus] = [new Text(""), new Text("-")];
  const { keys, elements } = spec;
  return (to, intent) => {
    const key = Math.floor(random.next() * keys);
    const inHash = elements > 1 && random.next() < 0.5;
    const element = inHash ? 1 + Math.floor(random.next() * (elements - 1)) : 0;
    const drawn = random.next();
    const down = drawn < 1 / 3;
    const amount = !inHash && drawn > 2 / 3 ? 1 : 1 + Math.floor(random.next() * MOST);
    intent.kind = KIND.write;
    intent.cell = key * elements + element;
    intent.value = counted(down ? -amount : amount) as number;
    if (inHash) {
      to.piece(hincrBy);
      to.named(prefix, key, fields);
      to.numbered(field, element);
      to.numbered(down ? minus : plus, amount);
      return;
    }
    to.piece(down ? decrBy : amount === 1 ? incr : incrBy);
    to.numbered(prefix, key);
    if (down || amount > 1) to.numbered(plus, amount);
  };
}
