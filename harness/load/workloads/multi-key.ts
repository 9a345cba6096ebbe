import type { Random } from "../../base/random.ts";
import { KIND, NOTHING, UNRECORDED } from "../../journal/history.ts";
import type { LoadSpec } from "../../journal/plan.ts";
import { commandHead, Text } from "../../resp/command-writer.ts";
import { groupKeys } from "./groups.ts";
import { plainly } from "./plainly.ts";
import type { RecordedSource, RecordedWorkload, Workload, WriteNumbers } from "./workload.ts";

const recorded: RecordedWorkload = { type: "group", does: ["read", "write"], source };

export const multiKey: Workload = {
  name: "multi-key",
  summary: "MSET, MGET, DEL of all keys of a random group; RPOPLPUSH between its lists, SINTERSTORE",
  needs: ["MSET", "MGET", "RPOPLPUSH", "SINTERSTORE"],
  source: plainly(recorded),
  recorded,
};

/** Lists and sets are not recorded: what they hold depends on what was there before. */
function source(spec: LoadSpec, random: Random, writes: WriteNumbers): RecordedSource {
  const { keys: groups, elements } = spec;
  const [mset, mget, del] = [
    commandHead("MSET", 2 * elements),
    commandHead("MGET", elements),
    commandHead("DEL", elements),
  ];
  const [push, rotate] = [commandHead("RPUSH", 2), commandHead("RPOPLPUSH", 2)];
  const [add, remove, intersect] = [commandHead("SADD", 2), commandHead("SREM", 2), commandHead("SINTERSTORE", 3)];
  const [prefix, member] = [new Text(spec.keyPrefix), new Text("element:")];
  const [lists, sets] = [
    [new Text(":list:0"), new Text(":list:1")],
    [new Text(":set:0"), new Text(":set:1")],
  ];
  const both = new Text(":set:both");
  const keys = groupKeys(spec);
  const any = (count: number): number => Math.floor(random.next() * count);
  return (to, intent) => {
    const group = any(groups);
    const drawn = random.next();
    intent.cell = group;
    intent.kind = KIND.write;
    intent.value = NOTHING;
    if (drawn < 0.3) {
      intent.value = writes.next();
      to.piece(mset);
      keys(to, group, { after: () => writes.write(to, intent.value) });
    } else if (drawn < 0.4) {
      to.piece(del);
      keys(to, group);
    } else if (drawn < 0.5) {
      intent.kind = KIND.read;
      to.piece(mget);
      keys(to, group);
    } else {
      intent.cell = UNRECORDED;
      const from = any(2);
      if (drawn < 0.6) {
        to.piece(push);
        to.named(prefix, group, lists[from] as Text);
        to.numbered(member, any(1_000_000));
      } else if (drawn < 0.75) {
        to.piece(rotate);
        to.named(prefix, group, lists[from] as Text);
        to.named(prefix, group, lists[1 - from] as Text);
      } else if (drawn < 0.9) {
        to.piece(drawn < 0.85 ? add : remove);
        to.named(prefix, group, sets[from] as Text);
        to.numbered(member, any(elements));
      } else {
        to.piece(intersect);
        to.named(prefix, group, both);
        for (const set of sets) to.named(prefix, group, set);
      }
    }
  };
}
