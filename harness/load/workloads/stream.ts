import type { Random } from "../../base/random.ts";
import { KIND, NOTHING } from "../../journal/history.ts";
import type { LoadSpec } from "../../journal/plan.ts";
import { commandHead, Text } from "../../resp/command-writer.ts";
import { encodeCommand } from "../../resp/encode.ts";
import { type Reply, RespError } from "../../resp/reply.ts";
import type { Talk, Workload, WriteNumbers } from "./workload.ts";

/*
 *   XADD key * v <value>
 *   XREADGROUP … > ─► an entry ─► XACK ─► its reply
 *                 ├─► nil: nothing new
 *                 └─► NOGROUP ─► XGROUP CREATE … 0 MKSTREAM ─► its reply
 */

/** All consumers of a load are of one group. */
export const GROUP = "consumers";
const BLOCKS_FOR_MS = 100;

export const stream: Workload = {
  name: "stream",
  summary: "XADD to random streams, XREADGROUP (one entry, 100 ms) by one group and XACK, half each",
  needs: ["XADD", "XGROUP", "XREADGROUP", "XACK"],
  blocks: true,
  talk: (spec, random, writes) => () => talk(spec, random, writes),
  recorded: { type: "stream", does: ["read", "write"] },
};

function talk(spec: LoadSpec, random: Random, writes: WriteNumbers): Talk {
  const add = commandHead("XADD", 4);
  const [any, field] = [argument("*"), argument("v")];
  const read = rest(["XREADGROUP", "GROUP", GROUP, "one", "COUNT", "1", "BLOCK", `${BLOCKS_FOR_MS}`, "STREAMS"], 11);
  const newest = argument(">");
  const create = rest(["XGROUP", "CREATE"], 6);
  const fromStart = new Text(`${argumentText(GROUP)}${argumentText("0")}${argumentText("MKSTREAM")}`);
  const acknowledge = commandHead("XACK", 3);
  const [prefix, group] = [new Text(spec.keyPrefix), argument(GROUP)];
  /** What the reply of is awaited. */
  let step: "first" | "acknowledge" | "create" = "first";
  return {
    draw(intent) {
      const reads = random.next() < 0.5;
      intent.cell = Math.floor(random.next() * spec.keys);
      intent.kind = reads ? KIND.read : KIND.write;
      intent.value = reads ? NOTHING : writes.next();
    },
    begin(to, intent) {
      const reads = intent.kind === KIND.read;
      step = "first";
      to.piece(reads ? read : add);
      to.numbered(prefix, intent.cell);
      to.piece(reads ? newest : any);
      if (reads) return 1;
      to.piece(field);
      writes.write(to, intent.value);
      return 1;
    },
    heard([reply = null], to, intent) {
      // That the entry was delivered is known, whatever became of the acknowledgement.
      if (step !== "first") return step === "create" ? "nothing" : "ok";
      if (reply instanceof RespError) {
        if (reply.code !== "NOGROUP") return reply;
        step = "create";
        to.piece(create);
        to.numbered(prefix, intent.cell);
        to.piece(fromStart);
        return 1;
      }
      if (intent.kind === KIND.write) return "ok";
      const entry = entryIn(reply);
      if (!entry) return "ok";
      intent.value = writes.read(entry.value);
      step = "acknowledge";
      to.piece(acknowledge);
      to.numbered(prefix, intent.cell);
      to.piece(group);
      to.text(new Text(entry.id), 0, entry.id.length);
      return 1;
    },
  };
}

/** The one entry of [[key, [[id, [field, value]]]]]; undefined: there is none. */
function entryIn(reply: Reply): { id: string; value: Exclude<Reply, RespError> } | undefined {
  const at = (of: Reply | undefined, index: number): Reply | undefined => (Array.isArray(of) ? of[index] : undefined);
  const entry = at(at(at(reply, 0), 1), 0);
  const [id, value] = [at(entry, 0), at(at(entry, 1), 1)];
  if (id === undefined || value === undefined || value instanceof RespError) return undefined;
  return { id: `${id}`, value };
}

function argument(text: string): Text {
  return new Text(argumentText(text));
}

function argumentText(text: string): string {
  return `$${text.length}\r\n${text}\r\n`;
}

/** The beginning of a command of so many words in all. */
function rest(words: string[], all: number): Text {
  const text = encodeCommand(words).toString();
  return new Text(`*${all}${text.slice(text.indexOf("\r\n"))}`);
}
