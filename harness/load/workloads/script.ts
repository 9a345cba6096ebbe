import type { Random } from "../../base/random.ts";
import { KIND, NOTHING } from "../../journal/history.ts";
import type { LoadSpec } from "../../journal/plan.ts";
import { Text } from "../../resp/command-writer.ts";
import { encodeCommand } from "../../resp/encode.ts";
import { groupKeys } from "./groups.ts";
import { plainly } from "./plainly.ts";
import type { RecordedSource, RecordedWorkload, Workload, WriteNumbers } from "./workload.ts";

const WRITES = "for i, key in ipairs(KEYS) do redis.call('SET', key, ARGV[1]) end return #KEYS";
const READS = "local all = {} for i, key in ipairs(KEYS) do all[i] = redis.call('GET', key) end return all";

const recorded: RecordedWorkload = { type: "group", does: ["read", "write"], source };

export const script: Workload = {
  name: "script",
  summary: "EVAL of scripts that set, or get, all keys of a random group (`elements` keys)",
  needs: ["EVAL"],
  source: plainly(recorded),
  recorded,
};

function source(spec: LoadSpec, random: Random, writes: WriteNumbers): RecordedSource {
  const { elements } = spec;
  const [write, read] = [evalHead(WRITES, elements, elements + 1), evalHead(READS, elements, elements)];
  const keys = groupKeys(spec);
  return (to, intent) => {
    intent.cell = Math.floor(random.next() * spec.keys);
    const reads = random.next() < 0.25;
    intent.kind = reads ? KIND.read : KIND.write;
    intent.value = reads ? NOTHING : writes.next();
    to.piece(reads ? read : write);
    keys(to, intent.cell);
    if (!reads) writes.write(to, intent.value);
  };
}

/** EVAL up to its keys. @param args keys and arguments that are to follow */
function evalHead(text: string, keys: number, args: number): Text {
  const words = encodeCommand(["EVAL", text, keys]).toString();
  return new Text(`*${args + 3}${words.slice(words.indexOf("\r\n"))}`);
}
