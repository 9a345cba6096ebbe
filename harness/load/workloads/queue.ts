import type { Random } from "../../base/random.ts";
import { KIND, NOTHING } from "../../journal/history.ts";
import type { LoadSpec } from "../../journal/plan.ts";
import { commandHead, Text } from "../../resp/command-writer.ts";
import { RespError } from "../../resp/reply.ts";
import type { Talk, Workload, WriteNumbers } from "./workload.ts";

/** After so many seconds a pop from an empty list is answered with nil: the least that every server takes. */
const BLOCKS_FOR = 1;

export const queue: Workload = {
  name: "queue",
  summary: "LPUSH and RPUSH to random lists, BLPOP and BRPOP (1 s), LPOP and RPOP from them, half each",
  needs: ["BLPOP", "BRPOP"],
  blocks: true,
  talk: (spec, random, writes) => () => talk(spec, random, writes),
  recorded: { type: "queue", does: ["read", "write"] },
};

function talk(spec: LoadSpec, random: Random, writes: WriteNumbers): Talk {
  const pushes = [commandHead("RPUSH", 2), commandHead("LPUSH", 2)];
  const blocking = [commandHead("BLPOP", 2), commandHead("BRPOP", 2)];
  const pops = [commandHead("LPOP", 1), commandHead("RPOP", 1)];
  const [prefix, none] = [new Text(spec.keyPrefix), new Text("")];
  const either = (heads: readonly Text[]): Text => heads[random.next() < 0.75 ? 0 : 1] as Text;
  let head = pops[0] as Text;
  let blocks = false;
  return {
    draw(intent) {
      const drawn = random.next();
      const takes = drawn >= 0.5;
      blocks = drawn >= 0.6;
      intent.cell = Math.floor(random.next() * spec.keys);
      intent.kind = takes ? KIND.read : KIND.write;
      intent.value = takes ? NOTHING : writes.next();
      head = either(blocks ? blocking : takes ? pops : pushes);
    },
    begin(to, intent) {
      to.piece(head);
      to.numbered(prefix, intent.cell);
      if (intent.kind === KIND.write) writes.write(to, intent.value);
      if (blocks) to.numbered(none, BLOCKS_FOR);
      return 1;
    },
    heard([reply = null], _to, intent) {
      if (reply instanceof RespError) return reply;
      if (intent.kind === KIND.write) return "ok";
      const element = Array.isArray(reply) ? (reply[1] ?? null) : reply;
      if (element instanceof RespError) return element;
      intent.value = writes.read(element);
      return "ok";
    },
  };
}
